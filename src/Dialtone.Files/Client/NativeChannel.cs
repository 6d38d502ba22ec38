using System.Text.Json;

namespace Dialtone.Files;

/// <summary>One connection that speaks the native protocol, from the client's side. One caller at a time; one of it may send while one receives.</summary>
internal sealed class NativeChannel(Connection connection) : IAsyncDisposable
{
    private const int LargestBuffer = 1024 * 1024;
    private const long MaxUnclaimed = 1024 * 1024;

    private long _lastId;
    private long _unreadBody; // what is left of an answer that nobody waited for

    /// <summary>The connection.</summary>
    public Connection Connection { get; } = connection;

    /// <summary>What the server sends.</summary>
    public FrameReader Input { get; } = new(connection, LargestBuffer, isClient: true);

    /// <summary>What is to be sent.</summary>
    public FrameWriter Output { get; } = new();

    /// <summary>Whether the next request can go out here.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>Whether it is still connected, as far as anybody knows.</summary>
    public bool IsAlive => IsUsable && Connection.CloseReason == CloseReason.None && !Connection.PeerHasFinished;

    /// <summary>Begins a request.</summary>
    public Utf8JsonWriter Begin(string command, out long id)
    {
        id = ++_lastId;
        Utf8JsonWriter json = Output.Begin(id);
        json.WriteString("cmd"u8, command);
        return json;
    }

    /// <summary>Sends what was begun and ended.</summary>
    public ValueTask SendAsync(CancellationToken cancellationToken) => Output.SendAsync(Connection, cancellationToken);

    /// <summary>One request and its answer.</summary>
    /// <exception cref="FileException">The server refused.</exception>
    public async ValueTask<NativeReply> CallAsync(string command, Action<Utf8JsonWriter>? fields, CancellationToken cancellationToken)
    {
        Utf8JsonWriter json = Begin(command, out long id);
        fields?.Invoke(json);
        Output.End();
        await SendAsync(cancellationToken).ConfigureAwait(false);
        NativeReply reply = await ReadReplyToAsync(id, cancellationToken).ConfigureAwait(false);
        return reply.Ok ? reply : throw reply.ToException();
    }

    /// <summary>The answer to one request; answers to earlier ones, which nobody waits for any more, are skipped.</summary>
    public async ValueTask<NativeReply> ReadReplyToAsync(long id, CancellationToken cancellationToken)
    {
        while (true)
        {
            NativeReply reply = await ReadReplyAsync(cancellationToken).ConfigureAwait(false);
            if (reply.Id == id)
                return reply;
            if (reply.Id is null || reply.Id > id)
                throw Nonsense("answered what nobody asked");
            _unreadBody = reply.Size ?? 0;
            if (_unreadBody > MaxUnclaimed)
                throw Nonsense("still sends what nobody waits for");
        }
    }

    /// <summary>The next header.</summary>
    /// <exception cref="ProtocolException">What the server sends is no such thing.</exception>
    /// <exception cref="TransportException">The connection broke, or the server closed it.</exception>
    public ValueTask<NativeReply> ReadReplyAsync(CancellationToken cancellationToken)
    {
        if (_unreadBody == 0 && Input.TryReadHeader(NativeLimits.MaxHeader, out ReadOnlySpan<byte> json))
            return new ValueTask<NativeReply>(NativeReply.Parse(json));
        return WaitForReplyAsync(cancellationToken);
    }

    /// <summary>Marks it as not to be used again: nobody knows what would come next.</summary>
    public void GiveUp()
    {
        IsUsable = false;
        Connection.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync().ConfigureAwait(false);
        Input.Dispose();
        Output.Dispose();
    }

    /// <summary>What it means that a server does not keep to the protocol.</summary>
    public static ProtocolException Nonsense(string what) => new(ProtocolError.BadHeader, $"The server {what}.");

    private async ValueTask<NativeReply> WaitForReplyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_unreadBody > 0)
            {
                int step = (int)Math.Min(_unreadBody, Math.Max(Input.Buffered, 1));
                await Input.SkipAsync(step, cancellationToken).ConfigureAwait(false);
                _unreadBody -= step;
            }

            if (Input.TryReadHeader(NativeLimits.MaxHeader, out ReadOnlySpan<byte> json))
                return NativeReply.Parse(json);
            if (!await Input.FillAsync(cancellationToken).ConfigureAwait(false))
                throw new TransportException(TransportError.PeerReset, "The server closed the connection before it answered.");
        }
    }
}
