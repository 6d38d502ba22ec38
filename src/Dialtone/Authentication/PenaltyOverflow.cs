namespace Dialtone;

/// <summary>What happens to addresses that no longer fit into a <see cref="PenaltyTable"/>.</summary>
public enum PenaltyOverflow
{
    /// <summary>The entry nearest its end makes room. A flood of addresses can wash out short penalties, and refuses nobody innocent. The default.</summary>
    Evict,

    /// <summary>While the table is full of live penalties every address of that family is refused that is not exempt.</summary>
    RefuseAll,
}
