namespace Dialtone.Cli;

/// <summary>Standard input by lines, as bytes: what is typed is what is sent.</summary>
internal sealed class LineInput(Stream input)
{
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;
    private bool _isOver;

    /// <summary>The next line without its newline; null at the end. A last line needs no newline.</summary>
    public async Task<byte[]?> ReadAsync()
    {
        int looked = 0;
        while (true)
        {
            int newline = _buffer.AsSpan(_start + looked, _end - _start - looked).IndexOf((byte)'\n');
            if (newline >= 0)
                return Take(looked + newline, skip: 1);
            looked = _end - _start;
            if (_isOver)
                return looked == 0 ? null : Take(looked, skip: 0);
            MakeRoom();
            int count = await input.ReadAsync(_buffer.AsMemory(_end));
            _end += count;
            _isOver = count == 0;
        }
    }

    /// <summary>Whatever comes next, as it comes; empty at the end.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadPieceAsync() => _buffer.AsMemory(0, await input.ReadAsync(_buffer));

    private byte[] Take(int length, int skip)
    {
        byte[] line = _buffer.AsSpan(_start, length).ToArray();
        _start += length + skip;
        return line;
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
    }
}
