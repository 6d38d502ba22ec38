namespace Dialtone.Cli;

/// <summary>What <c>dialtone call</c> speaks into: messages one way, pieces or messages the other.</summary>
/// <remarks>A send may overlap a receive.</remarks>
internal interface ICallLine : IAsyncDisposable
{
    /// <summary>Whether an empty message can be sent at all.</summary>
    bool CarriesEmpty { get; }

    /// <summary>Whether each receive is a whole message, whatever its last byte is.</summary>
    bool KeepsMessages { get; }

    /// <summary>Sends one message.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> message);

    /// <summary>Receives something, lent until the next call; null when the peer has finished.</summary>
    ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync();

    /// <summary>Tells the peer that nothing more will come, where there is such a thing.</summary>
    ValueTask FinishSendingAsync();
}
