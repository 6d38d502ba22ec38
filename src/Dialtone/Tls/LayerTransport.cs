using System.Net;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Engines;

/// <summary>A transport on top of another: everything goes straight through unless a layer says otherwise.</summary>
internal abstract class LayerTransport(Transport inner) : Transport
{
    protected Transport Inner => inner;

    public override Transport Bottom => inner.Bottom;

    public override bool MayReceive => inner.MayReceive;

    public override bool HasInput => inner.HasInput;

    public override bool IsBlocking => inner.IsBlocking;

    public override bool CanSendAtOnce => inner.CanSendAtOnce;

    public override bool KeepsMessages => inner.KeepsMessages;

    public override int NextMessageBytes => inner.NextMessageBytes;

    public override EndPoint? LocalEndPoint => inner.LocalEndPoint;

    public override EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public override PeerKey PeerKey => inner.PeerKey;

    public override int Descriptor => inner.Descriptor;

    public override bool CanSendFile => inner.CanSendFile;

    public override int TryReceive(Memory<byte> buffer) => inner.TryReceive(buffer);

    public override void WaitToReceive(IReadyWaiter waiter) => inner.WaitToReceive(waiter);

    public override void Yield(IReadyWaiter waiter) => inner.Yield(waiter);

    public override int TrySend(ReadOnlyMemory<byte> buffer) => inner.TrySend(buffer);

    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer) => inner.SendAsync(buffer);

    public override long TrySendFile(SafeFileHandle file, long offset, long count) => inner.TrySendFile(file, offset, count);

    public override ValueTask WaitToSendAsync() => inner.WaitToSendAsync();

    public override ValueTask FinishSendingAsync() => inner.FinishSendingAsync();

    public override void Abort(bool reset)
    {
        inner.AbortReason = AbortReason;
        inner.Abort(reset);
    }

    public override void Dispose() => inner.Dispose();
}
