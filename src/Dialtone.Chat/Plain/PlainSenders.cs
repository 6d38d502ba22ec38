using System.Net;
using System.Text;

namespace Dialtone.Chat;

/// <summary>
/// The plain senders that are remembered: a bounded number, since anybody can claim any address. Of those never answered the least recently seen makes room, and
/// only where there is none the least recently seen of the others. Safe for many threads.
/// </summary>
internal sealed class PlainSenders(ChatHub hub)
{
    /// <summary>Buckets for answers per address; two addresses may share one, at random.</summary>
    private const int AnswerBuckets = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<EndPoint, LinkedListNode<ChatParticipant>> _byAddress = []; // and below: under _gate
    private readonly LinkedList<ChatParticipant> _strangers = [];
    private readonly LinkedList<ChatParticipant> _answered = [];
    private readonly long[] _answersPaidUntil = new long[AnswerBuckets];                     // see Rate; by itself
    private readonly long _answerEvery = 1_000_000 / hub.Options.Limits.AnswersPerSecond;

    /// <summary>Who sent a datagram: known before, or from now on; null if they are blocked.</summary>
    public ChatParticipant? Find(Datagram datagram, EndPoint from, Encoding encoding)
    {
        lock (_gate)
        {
            if (_byAddress.TryGetValue(from, out LinkedListNode<ChatParticipant>? node))
            {
                LinkedList<ChatParticipant> list = node.List!;
                list.Remove(node);
                list.AddLast(node);
                ((PlainLine)node.Value.Line).HeardOn(datagram);
                return node.Value;
            }

            var line = new PlainLine(datagram.KeepSender(), from, encoding);
            var sender = new ChatParticipant(null, null, line, hub.UtcNow.ToUnixTimeMilliseconds());
            if (hub.Bans.IsBlocked(sender.Name, from))
                return null;
            sender.IsMuted = hub.Bans.IsMuted(sender.Name, from);
            if (_byAddress.Count >= hub.Options.Limits.MaxPlainAddresses)
                Remove(_strangers.First ?? _answered.First!);
            _byAddress.Add(from, _strangers.AddLast(sender));
            return sender;
        }
    }

    /// <summary>The operator has answered: it is more than a claimed address to us.</summary>
    public void Answered(ChatParticipant sender)
    {
        sender.WasAnswered = true;
        lock (_gate)
        {
            if (sender.Line.Address is not { } address || !_byAddress.TryGetValue(address, out LinkedListNode<ChatParticipant>? node)
                || node.List != _strangers || node.Value != sender)
                return;
            _strangers.Remove(node);
            _answered.AddLast(node);
        }
    }

    public bool Knows(string address)
    {
        lock (_gate)
            return _byAddress.Values.Any(node => node.Value.Name == address);
    }

    public void Forget(ChatParticipant sender)
    {
        lock (_gate)
        {
            if (sender.Line.Address is { } address && _byAddress.TryGetValue(address, out LinkedListNode<ChatParticipant>? node) && node.Value == sender)
                Remove(node);
        }
    }

    public ChatParticipant[] Everybody()
    {
        lock (_gate)
            return [.. _byAddress.Values.Select(static node => node.Value)];
    }

    /// <summary>Takes one of the answers its IP address may get. Counted there, not by port, since whoever forges an address has all its ports.</summary>
    public bool TryPayAnswer(PlainLine to) => to.Range.IsNone
        || Rate.TryPay(ref _answersPaidUntil[(uint)to.Range.GetHashCode() % AnswerBuckets], hub.Now, _answerEvery, 2 * hub.Options.Limits.AnswersPerSecond);

    private void Remove(LinkedListNode<ChatParticipant> node)
    {
        _byAddress.Remove(node.Value.Line.Address!);
        node.List!.Remove(node);
    }
}
