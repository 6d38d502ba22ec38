namespace Dialtone.Files;

/// <summary>The scopes that matter to a session: those around its home, and those inside it. Touched only under the ledger's lock.</summary>
internal sealed class LedgerView(VirtualPath home)
{
    internal VirtualPath Home { get; } = home;

    internal int Version { get; set; } = -1;

    /// <summary>They hold all of the home.</summary>
    internal QuotaScope[] Around { get; set; } = [];

    /// <summary>They hold a part of it.</summary>
    internal QuotaScope[] Inside { get; set; } = [];

    internal QuotaScope[] Holding(VirtualPath path) =>
        Inside.Length == 0 ? Around : [.. Around, .. Inside.Where(scope => path.IsWithin(scope.Folder))];
}
