namespace Dialtone;

/// <summary>The arithmetic of a pool: how many run, who waits, and what happens to one too many.</summary>
internal sealed class WaitingRoom(int workers, int queue, WhenFull whenFull)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<IConversation> _waiting = []; // under _gate
    private readonly Room? _places = whenFull == WhenFull.Wait ? new Room((int)Math.Min(int.MaxValue, (long)workers + queue)) : null;
    private int _running; // under _gate
    private bool _isClosed; // under _gate

    /// <summary>Waits for a place among the running or the waiting, where the policy is to wait.</summary>
    public ValueTask WaitAsync(CancellationToken stopping) => _places?.EnterAsync(stopping) ?? default;

    /// <summary>Gives back a place waited for.</summary>
    public void Release() => _places?.Leave();

    /// <summary>Comes in: the conversation to start now, or null when it waits or was rejected.</summary>
    public IConversation? Enter(IConversation conversation)
    {
        IConversation? rejected = null;
        lock (_gate)
        {
            if (_isClosed)
            {
                rejected = conversation;
            }
            else if (_running < workers)
            {
                _running++;
                return conversation;
            }
            else if (whenFull == WhenFull.Wait || _waiting.Count < queue)
            {
                Add(conversation);
            }
            else if (whenFull == WhenFull.DropOldest && _waiting.First is { } oldest)
            {
                rejected = oldest.Value;
                _waiting.RemoveFirst();
                _waiting.AddLast(conversation);
                conversation.BeginWait();
            }
            else
            {
                rejected = conversation;
            }
        }

        rejected?.Reject(CloseReason.QueueFull);
        return null;
    }

    /// <summary>One has ended: the next to start, or null when nobody waits.</summary>
    public IConversation? Leave()
    {
        Release();
        lock (_gate)
        {
            if (TryTake() is { } next)
                return next;
            _running--;
            return null;
        }
    }

    /// <summary>Rejects whoever waits, now and later.</summary>
    public void Close()
    {
        IConversation[] waiting;
        lock (_gate)
        {
            _isClosed = true;
            waiting = [.. _waiting];
            _waiting.Clear();
            Instruments.Shared.Queued.Add(-waiting.Length);
        }

        foreach (IConversation each in waiting)
            each.Reject(CloseReason.Drained);
    }

    private void Add(IConversation conversation)
    {
        _waiting.AddLast(conversation);
        conversation.BeginWait();
        Instruments.Shared.Queued.Add(1);
    }

    private IConversation? TryTake()
    {
        if (_waiting.First is not { } first)
            return null;
        _waiting.RemoveFirst();
        Instruments.Shared.Queued.Add(-1);
        first.Value.EndWait();
        return first.Value;
    }
}
