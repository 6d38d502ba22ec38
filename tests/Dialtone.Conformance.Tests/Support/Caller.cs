using System.Net;
using System.Net.Sockets;
using System.Text;
using Dialtone.Engines;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Conformance.Tests;

/// <summary>The other side: a bare socket, or the far end of a memory connection. What it sees is what the tests judge by.</summary>
internal abstract class Caller : IDisposable
{
    public static async Task<Caller> ConnectAsync(Address address, IPAddress? from = null, int? receiveBufferBytes = null)
    {
        if (address.Scheme == AddressScheme.Memory)
            return new MemoryCaller(address);
        bool isUnix = address.Scheme is AddressScheme.Unix or AddressScheme.UnixSequenced;
        EndPoint target = isUnix ? new UnixDomainSocketEndPoint(address.Path!) : new IPEndPoint(IPAddress.Parse(address.Host!), address.Port);
        SocketType type = address.Scheme == AddressScheme.UnixSequenced ? SocketType.Seqpacket : SocketType.Stream;
        var socket = new Socket(target.AddressFamily, type, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (receiveBufferBytes is { } bytes)
                socket.ReceiveBufferSize = bytes;
            if (from is not null)
                socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(target).SoonAsync();
            return new SocketCaller(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether a receive would find something now.</summary>
    public abstract bool HasSomething { get; }

    public abstract Task SendAsync(ReadOnlyMemory<byte> bytes);

    public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>Once: what has come, or nothing at the end. Fails with a <see cref="PeerResetException"/> on a reset.</summary>
    public abstract Task<int> ReceiveOnceAsync(Memory<byte> buffer);

    public abstract void FinishSending();

    public abstract void Reset();

    public abstract void Dispose();

    public async Task<string> ReceiveAsync(int count)
    {
        var bytes = new byte[count];
        int got = 0;
        while (got < count)
        {
            int more = await ReceiveOnceAsync(bytes.AsMemory(got));
            if (more == 0)
                throw new EndOfStreamException($"The server finished after '{Encoding.ASCII.GetString(bytes, 0, got)}'.");
            got += more;
        }

        return Encoding.ASCII.GetString(bytes);
    }

    public async Task<string> AskAsync(string question)
    {
        await SendAsync(question);
        return await ReceiveAsync(question.Length);
    }

    /// <summary>Everything up to the end, and how the end looked.</summary>
    public async Task<(string Received, PeerEnding Ending)> ReceiveToEndAsync()
    {
        var received = new StringBuilder();
        var buffer = new byte[64 * 1024];
        try
        {
            while (await ReceiveOnceAsync(buffer) is > 0 and int count)
                received.Append(Encoding.ASCII.GetString(buffer, 0, count));
            return (received.ToString(), PeerEnding.Finished);
        }
        catch (PeerResetException)
        {
            return (received.ToString(), PeerEnding.Reset);
        }
    }

    private sealed class SocketCaller(Socket socket) : Caller
    {
        public override bool HasSomething => socket.Poll(0, SelectMode.SelectRead);

        public override async Task SendAsync(ReadOnlyMemory<byte> bytes) => await socket.SendAsync(bytes, SocketFlags.None).AsTask().SoonAsync();

        public override async Task<int> ReceiveOnceAsync(Memory<byte> buffer)
        {
            try
            {
                return await socket.ReceiveAsync(buffer, SocketFlags.None).AsTask().SoonAsync();
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown)
            {
                throw new PeerResetException(e);
            }
        }

        public override void FinishSending() => socket.Shutdown(SocketShutdown.Send);

        public override void Reset()
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Dispose();
        }

        public override void Dispose() => socket.Dispose();
    }

    private sealed class MemoryCaller(Address address) : Caller
    {
        private static readonly ConnectionHost Host =
            new(TimeProvider.System, new ServerLimits(), BlockPool.Shared, NullLogger.Instance);

        private readonly Connection _connection = new(Host, MemoryListener.Connect(address), address);
        private bool _isGone;

        public override bool HasSomething => _connection.Input.TryRead(out _);

        public override async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _connection.SendAsync(bytes).AsTask().SoonAsync();

        public override async Task<int> ReceiveOnceAsync(Memory<byte> buffer)
        {
            try
            {
                return await _connection.ReceiveAsync(buffer).AsTask().SoonAsync();
            }
            catch (TransportException e) when (e.Reason == TransportError.PeerReset)
            {
                throw new PeerResetException(e);
            }
        }

        public override void FinishSending() => _ = _connection.FinishSendingAsync();

        public override void Reset()
        {
            _isGone = true;
            _connection.Abort();
        }

        public override void Dispose()
        {
            // As the kernel closes a socket: at once, without lingering.
            if (!_isGone)
                _connection.Transport.Dispose();
        }
    }
}

internal sealed class PeerResetException(Exception inner) : IOException("The server reset the connection.", inner);
