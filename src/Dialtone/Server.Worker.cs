using System.Net.Sockets;
using Dialtone.Engines;

namespace Dialtone;

// A server in a worker process of its own program: it opens no address and serves what the parent hands over.
public sealed partial class Server
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    private ITimer? _progress;
    private long _stopAskedAt;

    /// <summary>Which of the program's servers with workers this is; 0 when it has none.</summary>
    internal int WorkerNumber { get; }

    internal async Task RunAsWorkerAsync(WorkerLink link)
    {
        lock (_gate)
        {
            ThrowIfStarted();
            _isStarted = true;
        }

        _pipeline = BuildPipeline();
        _link = link;
        _host.Aborted = link.Aborted;
        _host.AdmitCaller = link.AdmitCallerAsync; // the limits are the parent's
        Penalties.Charged = link.Charge;
        if (!_handlerBlocks && _options.Engine != EngineKind.Sockets)
            _engine = new EpollEngine(loops: 1, ReadyOn.Pool);
        await link.RunAsync(this).ConfigureAwait(false);
        _progress?.Dispose();
        _engine?.Dispose();
    }

    /// <summary>In a worker, its own server serves and ends the process; other servers of the program stay shut.</summary>
    private async Task StartInWorkerAsync(WorkerLink link)
    {
        if (!link.IsFor(WorkerNumber))
            return;
        await RunAsWorkerAsync(link).ConfigureAwait(false);
        Environment.Exit(Environment.ExitCode);
    }

    /// <summary>Takes a caller that the parent has let in.</summary>
    internal Connection Adopt(long id, Address address, int descriptor)
    {
        _host.NextIdIs(id);
        var connection = new Connection(_host, Wrap(descriptor), address);
        _ = _connections.TryAdmit(PeerKey.None, Penalties); // the parent has decided; this only counts
        _connections.Add(connection);
        Instruments.Shared.Active.Add(1);
        connection.ScheduleDeadline();
        return connection;
    }

    /// <summary>Begins the conversation: on a thread of its own where the handler blocks.</summary>
    internal void ServeAdopted(Connection connection, WorkerLink link)
    {
        if (_handlerBlocks)
            new Thread(() => ThreadContext.Run(ServeAndTellAsync)) { IsBackground = true, Name = "dialtone caller" }.Start();
        else
            _ = Task.Run(ServeAndTellAsync);

        async Task ServeAndTellAsync()
        {
            await ServeAsync(connection).ConfigureAwait(false);
            link.Ended(connection);
        }
    }

    private unsafe Transport Wrap(int descriptor)
    {
        if (_options.Engine == EngineKind.Sockets)
            return new SocketTransport(new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)), _handlerBlocks);
        byte* name = stackalloc byte[128];
        int length = 128;
        bool isNamed = Linux.getpeername(descriptor, name, &length) == 0;
        PeerKey peer = isNamed ? PeerKey.FromSockAddr(new ReadOnlySpan<byte>(name, length)) : PeerKey.None;
        bool keepsMessages = Linux.GetOption(descriptor, Linux.SOL_SOCKET, Linux.SO_TYPE) == Linux.SOCK_SEQPACKET;
        if (_engine is not EpollEngine engine)
            return new BlockingTransport(descriptor, peer, keepsMessages);
        _ = Linux.fcntl(descriptor, Linux.F_SETFL, Linux.O_NONBLOCK);
        return new EpollTransport(engine.NextLoop(), descriptor, peer, keepsMessages);
    }

    /// <summary>Handles a datagram that the parent has received.</summary>
    internal Task HandleHandedOverAsync(byte[] message, int descriptor)
    {
        var socket = new BoundSocket(new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)), WorkerMessage.ReadDatagramAddress(message));
        return _datagrams.HandleHandedOverAsync(new WorkerDatagramListener(_datagrams, socket), message);
    }

    /// <summary>In the parent: a handler asks for the stop. It is not waited for.</summary>
    private void StopForHandler(WorkerJob job, TimeSpan? deadline)
    {
        if (job is ConversationJob conversation)
            _connections.DoNotWaitFor(conversation.Connection);
        else if (job is DatagramJob datagram)
            _datagrams.Work.DoNotWaitFor(datagram.Datagram);
        _ = StopAsync(deadline);
    }

    /// <summary>In a worker: has the parent stop. Who was cut is known to the parent alone.</summary>
    private Task<DrainReport> StopParentAsync(WorkerLink link, TimeSpan? deadline)
    {
        _stopAskedAt = _host.Clock.Now;
        link.RequestStop(deadline);
        return _stopped.Task;
    }

    internal void StoppedByParent(long finished) =>
        _stopped.TrySetResult(new DrainReport(TimeSpan.FromMilliseconds(_host.Clock.Now - _stopAskedAt), (int)finished, []));

    /// <summary>The parent's drain has begun: handlers are told, and from now on the parent hears how far they are.</summary>
    internal void BeginClosingInWorker(WorkerLink link)
    {
        _progress ??= _host.Clock.Time.CreateTimer(static link => ((WorkerLink)link!).Progress(), link, TimeSpan.Zero, ProgressInterval);
        _ = CancelClosingAsync();
    }
}
