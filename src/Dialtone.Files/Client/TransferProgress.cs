namespace Dialtone.Files;

/// <summary>How far a transfer has come.</summary>
/// <param name="Bytes">Bytes of content moved so far, those a resumed transfer found in place included.</param>
/// <param name="TotalBytes">Bytes in all, where known.</param>
/// <param name="FilesDone">Files finished.</param>
/// <param name="FilesTotal">Files in all, where known.</param>
/// <param name="Current">The file under way, or one of them.</param>
public readonly record struct TransferProgress(long Bytes, long? TotalBytes, int FilesDone, int? FilesTotal, string? Current);
