namespace Dialtone.Files;

/// <summary>A file or folder on the server.</summary>
/// <param name="Path">Its path below the folder that was listed, names separated by <c>/</c>; for a stat, the path asked for.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Size">Bytes of content; 0 for all but files.</param>
/// <param name="Modified">When its content changed last.</param>
/// <param name="Mode">Permission bits.</param>
public sealed record RemoteEntry(string Path, FileKind Kind, long Size, DateTimeOffset Modified, UnixFileMode Mode)
{
    /// <summary>The last name of the path.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];
}
