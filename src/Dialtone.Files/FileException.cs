namespace Dialtone.Files;

/// <summary>A request about files was refused or failed.</summary>
/// <param name="reason">What to branch on.</param>
/// <param name="message">A sentence for people. It never holds a path of the server's disk or a line of a file.</param>
/// <param name="inner">What lies behind it, for logs.</param>
public sealed class FileException(FileError reason, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What to branch on.</summary>
    public FileError Reason { get; } = reason;
}
