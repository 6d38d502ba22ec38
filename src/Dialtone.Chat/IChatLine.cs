using System.Net;

namespace Dialtone.Chat;

/// <summary>A participant's way out, made by its tongue. Its methods may be called from any thread.</summary>
internal interface IChatLine
{
    ChatTongue Tongue { get; }

    EndPoint? Address { get; }

    /// <summary>Whether the address is proven.</summary>
    bool IsVerified { get; }

    /// <summary>Sends without waiting.</summary>
    /// <returns>
    /// False if it cannot be sent, and <see cref="ChatOutgoing.Tell"/> is not called. After true it is called once, now or later, where <see cref="ChatOutgoing.IsWatched"/>.
    /// </returns>
    bool TrySend(ChatOutgoing outgoing);

    /// <summary>Ends it: the hub has removed the participant.</summary>
    void Close(ChatError why);
}
