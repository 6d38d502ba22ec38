namespace Dialtone.Chat;

/// <summary>The last messages of a conversation, oldest first. Its owner holds a lock.</summary>
internal sealed class HistoryRing(int capacity)
{
    private const int SmallestRoom = 16;
    private ChatMessage[] _items = [];
    private int _first;
    private int _count;

    public int Count => _count;

    public void Add(ChatMessage message)
    {
        if (_count == _items.Length && _count < capacity)
            Grow();
        if (_count == capacity)
        {
            _items[_first] = message;
            _first = (_first + 1) % _items.Length;
            return;
        }

        _items[(_first + _count++) % _items.Length] = message;
    }

    /// <summary>The last messages before one, oldest first.</summary>
    /// <param name="before">The number of the message to stop at; null for the newest.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="more">Whether there are older ones.</param>
    public ChatMessage[] Page(long? before, int limit, out bool more)
    {
        int end = before is { } id ? CountBefore(id) : _count;
        int start = Math.Max(0, end - limit);
        more = start > 0;
        var page = new ChatMessage[end - start];
        for (int i = start; i < end; i++)
            page[i - start] = At(i);
        return page;
    }

    // Numbers go up, so halves do.
    private int CountBefore(long id)
    {
        int low = 0, high = _count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (At(middle).Id < id)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private ChatMessage At(int index) => _items[(_first + index) % _items.Length];

    private void Grow()
    {
        var larger = new ChatMessage[Math.Min(capacity, Math.Max(SmallestRoom, 2 * _count))];
        for (int i = 0; i < _count; i++)
            larger[i] = At(i);
        (_items, _first) = (larger, 0);
    }
}
