using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>A prepared statement of the writer, bound and stepped without boxing.</summary>
/// <remarks>An ADO.NET command costs 2 to 3 µs and a handful of objects for each run; a job takes six runs (bench/README.md).</remarks>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;

    /// <summary>Parameters that are null at present: bindings outlive a run, and most columns of most jobs stay null.</summary>
    private readonly bool[] isNull;

    public SqliteStatement(sqlite3 database, string sql)
    {
        this.database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
        isNull = new bool[raw.sqlite3_bind_parameter_count(statement) + 1];
        isNull.AsSpan().Fill(true);
    }

    public SqliteStatement Bind(int index, long value)
    {
        isNull[index] = false;
        Check(raw.sqlite3_bind_int64(statement, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, long? value) => value is { } given ? Bind(index, given) : BindNull(index);

    public SqliteStatement Bind(int index, string? value)
    {
        if (value is null)
            return BindNull(index);
        isNull[index] = false;
        Check(raw.sqlite3_bind_text(statement, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        isNull[index] = false;
        Check(raw.sqlite3_bind_blob(statement, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, double? value) => value is { } given ? Bind(index, given) : BindNull(index);

    public SqliteStatement Bind(int index, double value)
    {
        isNull[index] = false;
        Check(raw.sqlite3_bind_double(statement, index, value));
        return this;
    }

    public SqliteStatement BindNull(int index)
    {
        if (isNull[index])
            return this;
        Check(raw.sqlite3_bind_null(statement, index));
        isNull[index] = true;
        return this;
    }

    /// <returns>True on a row, false at the end; then the statement is ready for the next run.</returns>
    public bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW)
            return true;
        Reset();
        if (code != raw.SQLITE_DONE)
            Check(code);
        return false;
    }

    /// <summary>Runs to the end.</summary>
    /// <returns>How many rows were changed.</returns>
    public int Run()
    {
        while (Step())
        {
            // The rows of a statement that is run for its effect are ignored.
        }

        return raw.sqlite3_changes(database);
    }

    /// <summary>Ends a run before its last row.</summary>
    public void Reset() => _ = raw.sqlite3_reset(statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(statement, column);

    public int Int32(int column) => raw.sqlite3_column_int(statement, column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public double Double(int column) => raw.sqlite3_column_double(statement, column);

    public double? DoubleOrNull(int column) => IsNull(column) ? null : Double(column);

    public int? Int32OrNull(int column) => IsNull(column) ? null : Int32(column);

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public byte[] Blob(int column) => Bytes(column).ToArray();

    /// <summary>Bytes of a blob or a text.</summary>
    public int Length(int column) => raw.sqlite3_column_bytes(statement, column);

    /// <summary>In SQLite's memory, until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(statement, column);

    public void Dispose() => statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(code, database);
    }
}
