using System.Security.Cryptography;

namespace Dialtone.Files;

/// <summary>What a memory store and all stores of its folders share.</summary>
internal sealed class MemoryTree(TimeProvider time, long capacity)
{
    internal Lock Gate { get; } = new();

    internal MemoryRoom Room { get; } = new(capacity);

    /// <summary>Content on its way in; under <see cref="Gate"/>.</summary>
    internal Dictionary<string, MemoryStagedFile> Staged { get; } = [];

    internal DateTimeOffset Now => time.GetUtcNow();

    internal MemoryStagedFile Stage(ReadOnlyMemory<byte> record)
    {
        var staged = new MemoryStagedFile(this, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), record.ToArray());
        lock (Gate)
            Staged.Add(staged.Id, staged);
        return staged;
    }
}
