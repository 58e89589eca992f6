using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Explains to the operator why the data file cannot be opened.</summary>
internal static class OpeningFault
{
    private const string Owner = " The file must belong to the user that runs the service, with its folder and the files beside it whose names begin as its own does (-wal, -shm, .lock).";

    // EWOULDBLOCK of Linux and of BSD, ERROR_SHARING_VIOLATION of Windows: the framework has no specific exception for them.
    private static readonly int[] sharingViolations = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Whether the error is about the file or its location, not about a statement.</summary>
    public static bool IsOfTheFile(Exception? error) => error is IOException or UnauthorizedAccessException
        or SqliteException { SqliteErrorCode: raw.SQLITE_PERM or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_READONLY or raw.SQLITE_IOERR or raw.SQLITE_FULL or raw.SQLITE_CANTOPEN or raw.SQLITE_AUTH };

    /// <summary>The message: which file, why, and what to do if that is known.</summary>
    /// <param name="path">The data file.</param>
    /// <param name="error">The error of the system or of SQLite.</param>
    public static StorageUnavailableException Of(string path, Exception error) =>
        new($"{path} cannot be opened: {error.Message.TrimEnd('.', ' ')}.{RemedyOf(error)}", error);

    /// <summary>Null when the path is not a folder.</summary>
    public static StorageUnavailableException? OfFolder(string path) => Path.EndsInDirectorySeparator(path) || Directory.Exists(path)
        ? new StorageUnavailableException($"{path} cannot be opened: it is a folder. JobService:Storage:Path names a file, as {Path.Combine(path, "jobs.db")}.")
        : null;

    private static string RemedyOf(Exception error) => error switch
    {
        IOException io when sharingViolations.Contains(io.HResult) => " One process at a time may use it.",
        SqliteException { SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_LOCKED } => " One process at a time may use it.",
        UnauthorizedAccessException => Owner,
        SqliteException { SqliteErrorCode: raw.SQLITE_PERM or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_AUTH } => Owner,
        _ => "",
    };
}
