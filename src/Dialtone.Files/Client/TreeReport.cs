namespace Dialtone.Files;

/// <summary>A file of a tree that could not be moved.</summary>
/// <param name="Path">Its path below the tree's top.</param>
/// <param name="Error">Why.</param>
public sealed record TreeFailure(string Path, FileException Error);

/// <summary>What came of moving a tree.</summary>
/// <param name="Files">Files that travelled; in a dry run, that would.</param>
/// <param name="Skipped">Files that were the same on both sides.</param>
/// <param name="Deleted">Entries removed because the source does not have them; in a dry run, that would be.</param>
/// <param name="Bytes">Bytes of content that travelled.</param>
/// <param name="Failures">What could not be moved. All the rest was.</param>
public sealed record TreeReport(int Files, int Skipped, int Deleted, long Bytes, IReadOnlyList<TreeFailure> Failures)
{
    /// <summary>In a dry run: what would travel and what would be removed, as paths below the tree's top; a removal begins with <c>-</c>.</summary>
    public IReadOnlyList<string> Plan { get; init; } = [];

    /// <summary>What came of each file that travelled, where <see cref="FileClient.PutFilesAsync"/> sent them.</summary>
    public IReadOnlyList<TransferReport> Arrived { get; init; } = [];
}
