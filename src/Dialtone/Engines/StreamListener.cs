namespace Dialtone.Engines;

/// <summary>A listening socket that gives one transport per caller.</summary>
internal abstract class StreamListener(Address address) : IDisposable
{
    /// <summary>The address that callers reach, with its real port.</summary>
    public Address Address { get; } = address;

    /// <summary>Whether <see cref="AcceptAsync"/> holds its thread until there is a caller: it needs one of its own then.</summary>
    public virtual bool Blocks => false;

    /// <summary>The next caller, or null once the listener was stopped. One call at a time.</summary>
    /// <exception cref="TransportException">
    /// <see cref="TransportError.OutOfResources"/>: wait and try again. <see cref="TransportError.PeerReset"/>: that caller is gone, try again.
    /// Anything else: the listener is broken.
    /// </exception>
    public abstract ValueTask<Transport?> AcceptAsync();

    /// <summary>Takes no more callers: those not yet accepted are refused or reset by the system. Wakes <see cref="AcceptAsync"/>.</summary>
    public abstract void Stop();

    /// <summary>Accepts one waiting caller and closes it, with the descriptor kept in reserve for the day there is none left.</summary>
    public virtual void ShedOne()
    {
    }

    public virtual void Dispose() => Stop();
}

/// <summary>Makes listeners and connections of one kind.</summary>
internal abstract class Engine : IDisposable
{
    public abstract StreamListener Listen(BoundSocket socket, ListenOptions options, ReadyOn readyOn);

    public abstract void Dispose();
}
