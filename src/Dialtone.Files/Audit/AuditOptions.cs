namespace Dialtone.Files;

/// <summary>How an audit log is kept.</summary>
public sealed record AuditOptions
{
    /// <summary>Bytes of records that may wait for the disk; those beyond are lost, counted and told of. Default 4 MiB, about 15,000 records. At least 64 KiB.</summary>
    public int MaxWaitingBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 64 * 1024);
            field = value;
        }
    } = 4 * 1024 * 1024;

    /// <summary>Refusals written in a second; those beyond are counted and told of in the next one's <c>suppressed</c>. Default 100: a flood of refused callers
    /// must not fill the disk. At least 1.</summary>
    public int MaxRefusalsPerSecond
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 100;

    /// <summary>The least time between two writes while records keep coming, which makes them few and large. Default 20 ms; what waits is lost if the process is killed.</summary>
    public TimeSpan Gather { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Serve nobody while records cannot be written. Default false: the service goes on, and counts what was lost.</summary>
    public bool IsRequired { get; init; }
}
