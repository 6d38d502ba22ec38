using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Files;

/// <summary>
/// Serves a share over connections, in every tongue there is, on one port: the first bytes of a caller say which it speaks. A length below 64 KiB
/// followed by <c>{</c> is the native protocol (and the tutorials' JSON put), <c>FileTransfer|</c> and <c>ftp_authentication|</c> are the tutorials' others.
/// </summary>
public sealed class FileServer
{
    private const int NeededBytes = sizeof(int) + 1;

    private readonly ILogger _logger;

    /// <summary>Serves a share. Its <see cref="FileService.StartAsync"/> is the caller's to call.</summary>
    public FileServer(FileService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        Service = service;
        // What it takes to say no is loaded now: once the descriptors are used up it could not be, and would stay missing.
        _ = (FileErrorCode.Of(FileError.Failed), Errno.Refusal(-Errno.TooManyFiles).InnerException?.Message);
        _logger = (service.Options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Dialtone.Files");
    }

    /// <summary>The share.</summary>
    public FileService Service { get; }

    /// <summary>A server whose callers are served. Middleware such as <see cref="HmacChallenge"/> can be added before it starts.</summary>
    /// <exception cref="NotSupportedException">The policy is <see cref="Concurrency.Process"/>: quotas and locks are one process's own.</exception>
    public Server CreateServer(ServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        return AddTo(new Server(options));
    }

    /// <summary>Has a server that was made already, and has not started, serve its callers: so the share can charge the server's own <see cref="Server.Penalties"/>.</summary>
    /// <returns><paramref name="server"/>.</returns>
    /// <exception cref="NotSupportedException">The policy is <see cref="Concurrency.Process"/>: quotas and locks are one process's own.</exception>
    public Server AddTo(Server server)
    {
        ArgumentNullException.ThrowIfNull(server);
        Check(server.Options);
        return server.Handle(HandleAsync);
    }

    /// <summary>Serves one caller to its end. For servers that choose by caller: under the Process policy it must not be used.</summary>
    public async Task HandleAsync(Connection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        connection.ReadTimeout = NativeLimits.LoginTime;
        switch (await PeekAsync(connection).ConfigureAwait(false))
        {
            case Tongue.Native:
                var conversation = new NativeConversation(connection, Service, _logger);
                await conversation.RunAsync().ConfigureAwait(false);
                break;
            case Tongue.Text:
                await new TextTongue(Service, connection).RunAsync().ConfigureAwait(false);
                break;
            case Tongue.Sample:
                await new SampleTongue(Service, connection).RunAsync().ConfigureAwait(false);
                break;
            case Tongue.Unknown:
                _logger.UnknownTongue(connection.Id, connection.RemoteEndPoint);
                break;
        }
    }

    private static void Check(ServerOptions options)
    {
        if (options.Concurrency.Kind == ConcurrencyKind.Process)
            throw new NotSupportedException("Files cannot be served under the Process policy: the books of the quotas are one process's own. Use Task, Thread or Pool.");
    }

    /// <summary>Looks at the first bytes and leaves them there.</summary>
    private static async ValueTask<Tongue> PeekAsync(Connection connection)
    {
        while (true)
        {
            if (!connection.Input.TryRead(out ReadResult result))
            {
                try
                {
                    await connection.WaitToReadAsync(connection.Closing).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    return Tongue.None;
                }

                continue;
            }

            Tongue? tongue = Recognise(result.Buffer);
            connection.Input.AdvanceTo(result.Buffer.Start, tongue is null ? result.Buffer.End : result.Buffer.Start);
            if (tongue is { } known)
                return known;
            if (result.IsCompleted)
                return result.Buffer.IsEmpty ? Tongue.None : Tongue.Unknown;
        }
    }

    /// <summary>What begins like this; null while it can be more than one.</summary>
    private static Tongue? Recognise(in ReadOnlySequence<byte> input)
    {
        Span<byte> first = stackalloc byte[(int)Math.Min(input.Length, 32)];
        input.Slice(0, first.Length).CopyTo(first);
        if (first.Length >= NeededBytes
            && BinaryPrimitives.ReadInt32LittleEndian(first) is > 1 and <= NativeLimits.MaxHeader && first[sizeof(int)] == (byte)'{')
        {
            return Tongue.Native;
        }

        bool? isText = TextTongue.Begins(first);
        bool? isSample = SampleTongue.Begins(first);
        if (isText is true)
            return Tongue.Text;
        if (isSample is true)
            return Tongue.Sample;
        return isText is null || isSample is null || first.Length < NeededBytes ? null : Tongue.Unknown;
    }

    private enum Tongue
    {
        /// <summary>The caller left without a word.</summary>
        None,

        Unknown,

        Native,

        Text,

        Sample,
    }
}
