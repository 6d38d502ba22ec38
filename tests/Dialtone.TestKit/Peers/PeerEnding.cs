namespace Dialtone;

/// <summary>How the other side ended a connection, as a client sees it.</summary>
public enum PeerEnding
{
    /// <summary>Not at all: the deadline passed first.</summary>
    StillOpen,

    /// <summary>In order (FIN): a receive returned nothing.</summary>
    Finished,

    /// <summary>With a reset (RST): a receive failed.</summary>
    Reset,
}
