namespace Dialtone.Chat;

/// <summary>A message that waits for the operator, and whose it is.</summary>
internal sealed record Question(ChatMessage Message, ChatParticipant From);

/// <summary>Messages that wait for the operator's answer, oldest first, bounded in number and in bytes. Safe for many threads.</summary>
internal sealed class QuestionQueue(ChatLimits limits)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Question> _waiting = [];                     // and below: under _gate
    private readonly Dictionary<long, LinkedListNode<Question>> _byId = [];
    private long _bytes;

    /// <summary>Puts a message at the end. Where there is no room, the oldest of a plain sender's who was never answered makes it: anybody can forge those.</summary>
    public bool TryAdd(ChatMessage message, ChatParticipant from)
    {
        lock (_gate)
        {
            if (from.Unanswered >= limits.MaxUnanswered)
                return false;
            while (_waiting.Count >= limits.MaxUnansweredInAll || (_waiting.Count > 0 && _bytes + Bytes(message) > limits.MaxUnansweredBytes))
            {
                if (OldestOfStrangers() is not { } oldest)
                    return false;
                Remove(oldest);
            }

            from.Unanswered++;
            _bytes += Bytes(message);
            _byId.Add(message.Id, _waiting.AddLast(new Question(message, from)));
            return true;
        }
    }

    public ChatMessage[] All()
    {
        lock (_gate)
            return [.. _waiting.Select(static question => question.Message)];
    }

    public Question? Find(long messageId)
    {
        lock (_gate)
            return _byId.GetValueOrDefault(messageId)?.Value;
    }

    /// <summary>The oldest from somebody.</summary>
    public Question? FindFrom(string nameOrAddress)
    {
        lock (_gate)
            return _waiting.FirstOrDefault(question => ChatNames.Comparer.Equals(question.From.Name, nameOrAddress));
    }

    /// <summary>Takes one out; false if somebody else has.</summary>
    public bool TryTake(Question question)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(question.Message.Id, out LinkedListNode<Question>? node))
                return false;
            Remove(node);
            return true;
        }
    }

    public void DropFrom(Func<ChatParticipant, bool> isMeant)
    {
        lock (_gate)
        {
            for (LinkedListNode<Question>? node = _waiting.First, next; node is not null; node = next)
            {
                next = node.Next;
                if (isMeant(node.Value.From))
                    Remove(node);
            }
        }
    }

    private LinkedListNode<Question>? OldestOfStrangers()
    {
        LinkedListNode<Question>? node = _waiting.First;
        while (node is not null && (node.Value.From.Line.Tongue != ChatTongue.Plain || node.Value.From.WasAnswered))
            node = node.Next;
        return node;
    }

    private void Remove(LinkedListNode<Question> node)
    {
        _waiting.Remove(node);
        _byId.Remove(node.Value.Message.Id);
        node.Value.From.Unanswered--;
        _bytes -= Bytes(node.Value.Message);
    }

    private static int Bytes(ChatMessage message) => sizeof(char) * message.Text.Length;
}
