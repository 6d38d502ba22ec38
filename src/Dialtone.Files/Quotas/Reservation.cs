namespace Dialtone.Files;

/// <summary>Room set aside for one upload, from before its first byte until it is published or gone. Touched only under the ledger's lock.</summary>
internal sealed class Reservation(VirtualPath path)
{
    /// <summary>Where it will be published, from the share's root.</summary>
    internal VirtualPath Path { get; } = path;

    internal QuotaScope[] Scopes { get; set; } = [];

    internal long Bytes { get; set; }

    internal long Files { get; set; }

    /// <summary>The bytes of the file it will replace, which need no room of their own; −1 without such a credit. One upload at a time has it for a path,
    /// so that what lies in staging stays bounded by the quota too.</summary>
    internal long Credit { get; set; } = -1;

    /// <summary>The bytes it is for, at least: what has arrived, or the size that was announced.</summary>
    internal long Size { get; set; }
}
