using System.ComponentModel.DataAnnotations;

namespace JobService.Storage;

/// <summary>Section <c>JobService:Storage</c>.</summary>
public sealed class StorageOptions
{
    public const string Section = "JobService:Storage";

    /// <summary>The SQLite file; its folder is created if missing. Default <c>data/jobs.db</c>, relative to the working directory.</summary>
    [Required]
    public string Path { get; set; } = "data/jobs.db";

    /// <summary>The connection string of a PostgreSQL database, as <c>Host=…;Database=…;Username=…;Password=…</c>: then the jobs are there, and no file is opened. Default: none.</summary>
    public string? Postgres { get; set; }

    /// <summary>Hours that a finished job is kept. Default 168 (a week), from 0.01 to 87 600.</summary>
    [Range(0.01, 87_600)]
    public double RetentionHours { get; set; } = 168;
}
