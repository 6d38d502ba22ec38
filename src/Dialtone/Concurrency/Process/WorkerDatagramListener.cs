using System.Net;
using Dialtone.Engines;

namespace Dialtone;

/// <summary>A worker's copy of a datagram socket: sends replies, and leaves receiving to the parent.</summary>
internal sealed class WorkerDatagramListener(DatagramService service, BoundSocket socket) : DatagramListener(service, socket)
{
    public override SendOutcome Send(ReadOnlySpan<byte> payload, SocketAddress peer) =>
        IsClosed ? SendOutcome.Failed : SocketDatagramListener.Send(Socket, payload, peer);

    protected override void ReceiveUntilStopped() => throw new NotSupportedException("The parent receives.");

    protected override void Wake()
    {
        // Nobody waits.
    }

    protected override void ReturnBuffers()
    {
        // It has none.
    }
}
