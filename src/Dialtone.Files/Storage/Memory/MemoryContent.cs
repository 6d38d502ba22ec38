namespace Dialtone.Files;

/// <summary>Bytes in pages; a page that was never written is a hole of zeros. One writer until it is published, then only readers.</summary>
internal sealed class MemoryContent(MemoryRoom room)
{
    internal const int PageBytes = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, byte[]> _pages = []; // under _gate
    private long _length;                                  // under _gate

    internal long Length
    {
        get
        {
            lock (_gate)
                return _length;
        }
    }

    internal void Append(ReadOnlySpan<byte> content)
    {
        lock (_gate)
        {
            long end = _length + content.Length;
            for (long page = _length / PageBytes; page * PageBytes < end; page++)
            {
                if (!_pages.ContainsKey(page))
                {
                    room.Take(PageBytes);
                    _pages[page] = new byte[PageBytes];
                }
            }

            for (long at = _length; !content.IsEmpty;)
            {
                Span<byte> rest = _pages[at / PageBytes].AsSpan((int)(at % PageBytes));
                int count = Math.Min(rest.Length, content.Length);
                content[..count].CopyTo(rest);
                content = content[count..];
                at += count;
            }

            _length = end;
        }
    }

    internal void AppendHole(long count)
    {
        lock (_gate)
            _length = checked(_length + count);
    }

    internal int Read(long offset, Span<byte> buffer)
    {
        lock (_gate)
        {
            if (offset >= _length)
                return 0;
            int count = (int)Math.Min(buffer.Length, _length - offset);
            for (int done = 0; done < count;)
            {
                long at = offset + done;
                int inPage = (int)(at % PageBytes);
                Span<byte> part = buffer[done..Math.Min(count, done + PageBytes - inPage)];
                if (_pages.TryGetValue(at / PageBytes, out byte[]? page))
                    page.AsSpan(inPage, part.Length).CopyTo(part);
                else
                    part.Clear();
                done += part.Length;
            }

            return count;
        }
    }

    /// <summary>It left the tree. Who reads it still has it; its room is free.</summary>
    internal void GiveRoomBack()
    {
        lock (_gate)
            room.Give(_pages.Count * (long)PageBytes);
    }

    internal void Truncate(long length)
    {
        lock (_gate)
        {
            if (length < 0 || length > _length)
                throw Refusals.BadRange;
            foreach (long page in _pages.Keys.Where(page => page * PageBytes >= length).ToArray())
            {
                _pages.Remove(page);
                room.Give(PageBytes);
            }

            if (_pages.TryGetValue(length / PageBytes, out byte[]? last))
                last.AsSpan((int)(length % PageBytes)).Clear();
            _length = length;
        }
    }
}
