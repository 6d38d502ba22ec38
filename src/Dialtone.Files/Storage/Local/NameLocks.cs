namespace Dialtone.Files;

/// <summary>Publishing, removing and renaming one name of one folder exclude each other, so that the books move exactly with the disk.</summary>
/// <remarks>Two names may share a lock; nobody who holds one takes another but through <see cref="EnterBoth"/>.</remarks>
internal sealed class NameLocks
{
    private const int Count = 256;

    private readonly Lock[] _locks = [.. Enumerable.Range(0, Count).Select(_ => new Lock())];

    internal Lock.Scope Enter(in FileId folder, ReadOnlySpan<byte> name) => _locks[IndexOf(folder, name)].EnterScope();

    internal Both EnterBoth(in FileId folder, ReadOnlySpan<byte> name, in FileId otherFolder, ReadOnlySpan<byte> otherName)
    {
        int one = IndexOf(folder, name), other = IndexOf(otherFolder, otherName);
        return new Both(_locks[Math.Min(one, other)].EnterScope(), _locks[Math.Max(one, other)].EnterScope()); // a lock may be entered twice
    }

    private static int IndexOf(in FileId folder, ReadOnlySpan<byte> name)
    {
        var hash = default(HashCode);
        hash.Add(folder);
        hash.AddBytes(name);
        return (int)((uint)hash.ToHashCode() % Count);
    }

    internal ref struct Both(Lock.Scope first, Lock.Scope second)
    {
        private Lock.Scope _first = first, _second = second;

        public void Dispose()
        {
            _second.Dispose();
            _first.Dispose();
        }
    }
}
