namespace Dialtone.Files;

/// <summary>A folder with a quota, and the books of it. Touched only under the ledger's lock.</summary>
internal sealed class QuotaScope(VirtualPath folder)
{
    internal VirtualPath Folder { get; } = folder;

    internal Quota Quota { get; set; } = new(null);

    /// <summary>Whether <see cref="Used"/> was counted. While it is not, changes need not be booked: the count will see them.</summary>
    internal bool IsKnown { get; set; }

    internal StoreUsage Used { get; set; }

    internal StoreUsage Reserved { get; set; }

    /// <summary>Whether so much more fits. What frees something always does, also where the operator has lowered the quota below what is there.</summary>
    internal bool Fits(long bytes, long files) =>
        (bytes <= 0 || Quota.Bytes is not { } mostBytes || bytes <= mostBytes - Used.Bytes - Reserved.Bytes)
        && (files <= 0 || Quota.Files is not { } mostFiles || files <= mostFiles - Used.Files - Reserved.Files);

    internal void Use(long bytes, long files)
    {
        if (IsKnown)
            Used = new StoreUsage(Used.Bytes + bytes, Used.Files + files);
    }

    internal void Reserve(long bytes, long files) => Reserved = new StoreUsage(Reserved.Bytes + bytes, Reserved.Files + files);
}
