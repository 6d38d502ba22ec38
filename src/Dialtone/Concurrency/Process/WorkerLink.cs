using System.Globalization;
using System.Net;
using Dialtone.Engines;
using static Dialtone.Engines.Linux;
using static Dialtone.ProcessCalls;

namespace Dialtone;

/// <summary>A worker's end of the control socket: takes what the server sends on a thread of its own, whatever the handler does meanwhile.</summary>
internal sealed class WorkerLink
{
    private readonly ControlSocket _control = new(WorkerCommand.ControlDescriptor);
    private readonly TaskCompletionSource _dismissed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _server;
    private volatile Connection? _connection;
    private volatile TaskCompletionSource<CloseReason>? _callerAdmitted; // the answer that the conversation in hand waits for
    private long _job; // the number of the conversation or datagram in hand; 0 for none

    private WorkerLink(int server) => _server = server;

    /// <summary>The link of this process if it was started as a worker.</summary>
    public static WorkerLink? TryOpen()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(WorkerCommand.Variable) is not { } text)
            return null;
        // Programs that the handler starts are no workers.
        Environment.SetEnvironmentVariable(WorkerCommand.Variable, null);
        if (text.Split(':') is not [var first, var second]
            || !int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int parent)
            || !int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out int server)
            || GetOption(WorkerCommand.ControlDescriptor, SOL_SOCKET, SO_TYPE) != SOCK_SEQPACKET)
        {
            return null;
        }

        _ = fcntl(WorkerCommand.ControlDescriptor, F_SETFD, FD_CLOEXEC);
        _ = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        // The parent may have gone before the line above: an orphan must not start a server of its own.
        if (getppid() != parent)
            ExitNow(1);
        return new WorkerLink(server);
    }

    /// <summary>Whether the worker works for this one of the program's servers; 0 stands for whichever comes first.</summary>
    public bool IsFor(int server) => server != 0 && (_server == 0 || _server == server);

    /// <summary>Serves until the server lets this worker go.</summary>
    public async Task RunAsync(Server server)
    {
        new Thread(() => Receive(server)) { IsBackground = true, Name = "dialtone control" }.Start();
        Send(WorkerMessage.Of(WorkerMessageKind.Ready, WorkerMessage.Version));
        await _dismissed.Task.ConfigureAwait(false);
    }

    /// <summary>Has the parent take the caller that a trusted proxy named.</summary>
    public async ValueTask<CloseReason?> AdmitCallerAsync(Connection connection, IPEndPoint caller)
    {
        connection.SetProxiedRemote(caller);
        var answer = new TaskCompletionSource<CloseReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        _callerAdmitted = answer;
        Send(WorkerMessage.Caller(connection.Id, caller));
        return await answer.Task.ConfigureAwait(false) is not CloseReason.None and var refusal ? refusal : null;
    }

    public void Charge(IPAddress address, Penalty penalty) => Send(WorkerMessage.Charge(address, penalty));

    public void Aborted(Connection connection) => Send(WorkerMessage.Aborted(connection.Id, connection.CloseReason));

    /// <summary>Has the parent stop, in the name of what is in hand.</summary>
    public void RequestStop(TimeSpan? deadline)
    {
        if (Volatile.Read(ref _job) is not 0 and var job)
            Send(WorkerMessage.Stop(job, deadline));
    }

    /// <summary>Tells the parent how far the conversation under way is.</summary>
    public void Progress()
    {
        if (_connection is { } connection)
            Send(WorkerMessage.Progress(connection));
    }

    /// <summary>The conversation has ended; the worker is ready for the next.</summary>
    public void Ended(Connection connection)
    {
        _connection = null;
        Volatile.Write(ref _job, 0);
        Send(WorkerMessage.Ended(connection));
    }

    private async Task HandleAsync(Server server, byte[] message, int descriptor)
    {
        long id = WorkerMessage.ReadInt64(message, 1);
        await server.HandleHandedOverAsync(message, descriptor).ConfigureAwait(false);
        Volatile.Write(ref _job, 0);
        Send(WorkerMessage.DatagramEnded(id));
    }

    private void Send(ReadOnlySpan<byte> message)
    {
        // A server that is gone is noticed by the thread that receives.
        _ = _control.TrySend(message);
    }

    private void Receive(Server server)
    {
        var buffer = new byte[WorkerMessage.MaxServerBytes];
        while (true)
        {
            int count = _control.Receive(buffer, out int passed);
            if (count <= 0)
                break;
            switch ((WorkerMessageKind)buffer[0])
            {
                case WorkerMessageKind.Serve when passed >= 0:
                    (long id, Address address) = WorkerMessage.ReadServe(buffer.AsSpan(0, count));
                    Volatile.Write(ref _job, id);
                    _connection = server.Adopt(id, address, passed);
                    server.ServeAdopted(_connection, this);
                    break;
                case WorkerMessageKind.Datagram when passed >= 0:
                    byte[] message = buffer[..count];
                    Volatile.Write(ref _job, WorkerMessage.ReadInt64(message, 1));
                    _ = Task.Run(() => HandleAsync(server, message, passed));
                    break;
                case WorkerMessageKind.Closing:
                    server.BeginClosingInWorker(this);
                    break;
                case WorkerMessageKind.Stopped:
                    server.StoppedByParent(WorkerMessage.ReadInt64(buffer, 1));
                    break;
                case WorkerMessageKind.CallerAdmitted:
                    _callerAdmitted?.TrySetResult((CloseReason)buffer[1]);
                    break;
                case WorkerMessageKind.Abort:
                    _connection?.Abort((CloseReason)buffer[1]);
                    break;
            }
        }

        // Let go, or orphaned. With something in hand there is nobody left to finish it for.
        if (Volatile.Read(ref _job) != 0)
            ExitNow(1);
        _dismissed.TrySetResult();
    }
}
