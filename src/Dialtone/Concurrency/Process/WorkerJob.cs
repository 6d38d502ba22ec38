using System.Net;

namespace Dialtone;

/// <summary>What a worker does for the server: holds a conversation, or handles a datagram. Its state belongs to the pool's loop.</summary>
internal abstract class WorkerJob(long id)
{
    private readonly TaskCompletionSource<CloseReason> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Id => id;

    /// <summary>Who has it; null while it waits.</summary>
    public Worker? Worker { get; set; }

    /// <summary>How it ended.</summary>
    public Task<CloseReason> Ended => _ended.Task;

    /// <summary>Who asked for it, if the peer has a name.</summary>
    public abstract EndPoint? Remote { get; }

    /// <summary>Why it is to end, if that is on record.</summary>
    public virtual CloseReason Reason => CloseReason.None;

    /// <summary>Sends it to a worker, which has it from then on: 0, or the error.</summary>
    public abstract int TryGive(ControlSocket control);

    /// <summary>The worker has ended it before its time.</summary>
    public virtual void Aborted(CloseReason reason)
    {
    }

    public virtual void SetProgress(long received, long sent, string? activity)
    {
    }

    public virtual void End(CloseReason reason) => _ended.TrySetResult(reason);
}

/// <summary>A conversation for a worker.</summary>
internal sealed class ConversationJob(Connection connection) : WorkerJob(connection.Id)
{
    public Connection Connection => connection;

    /// <summary>What stands in for the descriptor.</summary>
    public HandOver Transport { get; set; } = null!;

    public override EndPoint? Remote => connection.RemoteEndPoint;

    public override CloseReason Reason => connection.CloseReason;

    public override int TryGive(ControlSocket control)
    {
        int error = control.TrySend(WorkerMessage.Serve(Id, connection.Address), Transport.Descriptor);
        if (error == 0)
            Transport.LetGo();
        return error;
    }

    public override void Aborted(CloseReason reason) => connection.TrySetCloseReason(reason);

    public override void SetProgress(long received, long sent, string? activity)
    {
        connection.SetCounts(received, sent);
        connection.Activity = activity ?? connection.Activity;
    }

    public override void End(CloseReason reason)
    {
        connection.TrySetCloseReason(reason);
        base.End(reason);
    }
}

/// <summary>A datagram for a worker, which answers through a copy of the socket's descriptor.</summary>
internal sealed class DatagramJob(long id, Datagram datagram) : WorkerJob(id)
{
    public Datagram Datagram => datagram;

    public override EndPoint? Remote => datagram.From;

    public override int TryGive(ControlSocket control)
    {
        System.Net.Sockets.SafeSocketHandle socket = datagram.Listener.Socket.SafeHandle;
        bool isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            return control.TrySend(WorkerMessage.Datagram(Id, datagram), (int)socket.DangerousGetHandle());
        }
        catch (ObjectDisposedException)
        {
            return Engines.Linux.EBADF;
        }
        finally
        {
            if (isHeld)
                socket.DangerousRelease();
        }
    }
}
