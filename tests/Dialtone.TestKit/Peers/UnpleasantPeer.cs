using System.Net;
using System.Net.Sockets;

namespace Dialtone;

/// <summary>A client on a bare socket that does what real ones do on bad days: sends in crumbs, stalls, reads slowly, half-closes, resets, vanishes.</summary>
/// <remarks>Everything that waits has a deadline; small sends leave at once (TCP_NODELAY).</remarks>
public sealed class UnpleasantPeer : IDisposable
{
    /// <summary>How long a wait may take where nothing else is said: 10 s.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(10);

    private readonly byte[] _one = new byte[1];

    private UnpleasantPeer(Socket socket) => Socket = socket;

    /// <summary>The socket, for what is not thought of here.</summary>
    public Socket Socket { get; }

    /// <summary>This end's address, to be found in the server's log.</summary>
    public EndPoint LocalEndPoint => Socket.LocalEndPoint!;

    /// <summary>Connects to a TCP or Unix stream address of this machine.</summary>
    /// <param name="address">Where the server listens; a wildcard means loopback.</param>
    /// <param name="receiveBufferBytes">SO_RCVBUF, for a peer that soon has no room for more; null leaves it to the system. The kernel doubles it and has a floor near 2 KiB.</param>
    public static async Task<UnpleasantPeer> ConnectAsync(Address address, int? receiveBufferBytes = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        EndPoint target = SocketAddresses.EndPointOf(address);
        Socket socket = SocketAddresses.Create(target, SocketType.Stream);
        try
        {
            if (receiveBufferBytes is { } bytes)
                socket.ReceiveBufferSize = bytes;
            if (target is IPEndPoint)
                socket.NoDelay = true;
            // A blocking connect, so that a server which resets at once is met in the first receive, and hardly ever here.
            await WithinAsync(token => new ValueTask(Task.Run(() => socket.Connect(target), token).WaitAsync(token)), DefaultDeadline, $"connecting to {address}");
            return new UnpleasantPeer(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects and resets at once, again and again: <paramref name="count"/> callers that are gone before they are accepted.</summary>
    public static async Task ConnectAndResetAsync(Address address, int count)
    {
        for (int i = 0; i < count; i++)
        {
            try
            {
                (await ConnectAsync(address)).Reset();
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                // The server was even faster.
            }
        }
    }

    /// <summary>
    /// Sends a message once for each place it can be cut in two, on a new connection each time, and has every answer judged.
    /// </summary>
    /// <param name="address">Where the server listens.</param>
    /// <param name="message">What to send: a message of n bytes makes n − 1 connections.</param>
    /// <param name="judge">Reads and judges the answer; gets the peer and the place of the cut.</param>
    /// <param name="pause">The time between the two parts, so that the server sees the first alone. Default 1 ms.</param>
    public static async Task SendCutAtEveryByteAsync(Address address, ReadOnlyMemory<byte> message, Func<UnpleasantPeer, int, Task> judge, TimeSpan? pause = null)
    {
        ArgumentNullException.ThrowIfNull(judge);
        for (int cut = 1; cut < message.Length; cut++)
        {
            using UnpleasantPeer peer = await ConnectAsync(address);
            await peer.SendAsync(message[..cut]);
            await Task.Delay(pause ?? TimeSpan.FromMilliseconds(1));
            await peer.SendAsync(message[cut..]);
            await judge(peer, cut);
        }
    }

    /// <summary>Sends all of it.</summary>
    /// <exception cref="TestKitException">The server took none for the length of <see cref="DefaultDeadline"/>.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            ReadOnlyMemory<byte> rest = bytes;
            bytes = rest[await WithinAsync(token => Socket.SendAsync(rest, SocketFlags.None, token), DefaultDeadline, "sending")..];
        }
    }

    /// <summary>Sends each byte with a call of its own.</summary>
    /// <param name="bytes">What to send.</param>
    /// <param name="pause">The time between two bytes. Default none.</param>
    public async Task SendByteByByteAsync(ReadOnlyMemory<byte> bytes, TimeSpan? pause = null)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            await SendAsync(bytes.Slice(i, 1));
            if (pause is { } time)
                await Task.Delay(time);
        }
    }

    /// <summary>Sends until nothing more fits between here and a server that does not read.</summary>
    /// <param name="maxBytes">Where to give up. Default 64 MiB.</param>
    /// <param name="quiet">How long nothing must fit. Default 200 ms.</param>
    /// <returns>The bytes sent.</returns>
    public async Task<long> FillAsync(long maxBytes = 64L * 1024 * 1024, TimeSpan? quiet = null)
    {
        var chunk = new byte[64 * 1024];
        long sent = 0;
        while (sent < maxBytes)
        {
            using var limit = new CancellationTokenSource(quiet ?? TimeSpan.FromMilliseconds(200));
            try
            {
                sent += await Socket.SendAsync(chunk.AsMemory(0, (int)Math.Min(chunk.Length, maxBytes - sent)), SocketFlags.None, limit.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return sent;
    }

    /// <summary>Receives exactly that many bytes.</summary>
    /// <exception cref="EndOfStreamException">The server ended first.</exception>
    /// <exception cref="TestKitException">They did not all come in time.</exception>
    public async Task<byte[]> ReceiveAsync(int count, TimeSpan? deadline = null)
    {
        var bytes = new byte[count];
        await WithinAsync(
            async token =>
            {
                for (int at = 0, more; at < count; at += more)
                {
                    more = await Socket.ReceiveAsync(bytes.AsMemory(at), SocketFlags.None, token);
                    if (more == 0)
                        throw new EndOfStreamException($"The server finished after {at} of {count} bytes.");
                }

                return true;
            },
            deadline,
            $"receiving {count} bytes");
        return bytes;
    }

    /// <summary>Receives until the server finishes.</summary>
    /// <param name="maxBytes">More than this is an error. Default 16 MiB.</param>
    /// <param name="deadline">How long it may take in all.</param>
    public async Task<byte[]> ReceiveToEndAsync(int maxBytes = 16 * 1024 * 1024, TimeSpan? deadline = null)
    {
        using var received = new MemoryStream();
        var buffer = new byte[64 * 1024];
        return await WithinAsync(
            async token =>
            {
                int count;
                while ((count = await Socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, token)) > 0)
                {
                    if (received.Length + count > maxBytes)
                        throw new InvalidDataException($"The server sent more than {maxBytes} bytes.");
                    received.Write(buffer, 0, count);
                }

                return received.ToArray();
            },
            deadline,
            "receiving to the end");
    }

    /// <summary>Reads one byte, waits, reads one byte: a peer on the worst of lines.</summary>
    /// <returns>What was received; less than <paramref name="count"/> only when the server finished.</returns>
    public async Task<byte[]> ReceiveSlowlyAsync(int count, TimeSpan pause)
    {
        var bytes = new List<byte>(count);
        while (bytes.Count < count
            && await WithinAsync(token => Socket.ReceiveAsync(_one.AsMemory(), SocketFlags.None, token), DefaultDeadline, "receiving a byte") == 1)
        {
            bytes.Add(_one[0]);
            await Task.Delay(pause);
        }

        return [.. bytes];
    }

    /// <summary>Waits, reading and dropping what comes, until the server finishes or resets.</summary>
    public async Task<PeerEnding> WaitForEndAsync(TimeSpan? deadline = null)
    {
        var dropped = new byte[64 * 1024];
        using var limit = new CancellationTokenSource(deadline ?? DefaultDeadline);
        try
        {
            while (await Socket.ReceiveAsync(dropped.AsMemory(), SocketFlags.None, limit.Token) > 0)
                continue;
            return PeerEnding.Finished;
        }
        catch (OperationCanceledException)
        {
            return PeerEnding.StillOpen;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown)
        {
            return PeerEnding.Reset;
        }
    }

    /// <summary>Finishes sending (FIN) and stays to read.</summary>
    public void FinishSending() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Leaves with a reset (RST): what was sent and not yet read may be lost. Over a Unix socket, which knows no reset, a plain close.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        Socket.Dispose();
    }

    /// <summary>Leaves as a program does that ends: a plain close.</summary>
    public void Dispose() => Socket.Dispose();

    private static async Task<T> WithinAsync<T>(Func<CancellationToken, ValueTask<T>> work, TimeSpan? deadline, string what)
    {
        using var limit = new CancellationTokenSource(deadline ?? DefaultDeadline);
        try
        {
            return await work(limit.Token);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            throw new TestKitException(TestKitError.Deadline, $"Gave up {what} after {(deadline ?? DefaultDeadline).TotalSeconds:0.#} s.", e);
        }
    }

    private static Task<bool> WithinAsync(Func<CancellationToken, ValueTask> work, TimeSpan? deadline, string what) => WithinAsync(
        async token =>
        {
            await work(token);
            return true;
        },
        deadline,
        what);
}
