namespace Dialtone;

/// <summary>Why a reliable flow of datagrams ended.</summary>
public enum FlowEnd
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>This side closed it.</summary>
    Closed,

    /// <summary>The peer closed it.</summary>
    ClosedByPeer,

    /// <summary>What was sent was not acknowledged within <see cref="FlowOptions.GiveUp"/>.</summary>
    Unanswered,

    /// <summary>The peer was silent for longer than <see cref="FlowOptions.Idle"/>.</summary>
    Idle,

    /// <summary>The peer, proven to be who it is, broke the rules: a message over the maximum, a segment outside the window.</summary>
    ProtocolError,
}
