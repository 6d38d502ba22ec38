namespace Dialtone.Chat;

/// <summary>How somebody speaks to the hub.</summary>
public enum ChatTongue
{
    /// <summary>Datagrams of text, as the tutorials' programs send them: from an address that anybody could have claimed.</summary>
    Plain,

    /// <summary>Lines over a connection, as <c>nc</c> and telnet send them.</summary>
    Line,

    /// <summary>The native protocol, as <c>ChatClient</c> speaks it.</summary>
    Native,

    /// <summary>The operator's desk in the server itself.</summary>
    Operator,
}
