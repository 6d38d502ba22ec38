namespace Dialtone;

/// <summary>What becomes of a connection at the byte where a <see cref="ChaosFlow"/> is cut.</summary>
public enum ChaosCut
{
    /// <summary>Both ends see an orderly close (FIN).</summary>
    Finish,

    /// <summary>Both ends see a reset (RST).</summary>
    Reset,

    /// <summary>Nothing more is read from the sender, who finds its window closed; the other direction goes on.</summary>
    Stall,

    /// <summary>What the sender still sends is taken and lost, its end included; the other direction goes on.</summary>
    Drop,
}
