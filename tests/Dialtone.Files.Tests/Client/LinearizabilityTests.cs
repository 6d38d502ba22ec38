using System.Buffers.Binary;
using Dialtone.Files.Tests.Native;

namespace Dialtone.Files.Tests.Client;

/// <summary>N07: what six clients see of three names is what they would see of a server that does one thing after another.</summary>
public sealed class LinearizabilityTests
{
    private const int Clients = 6, Names = 3, Each = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Six_clients_on_three_names_see_one_order(bool local)
    {
        int seed = Random.Shared.Next();
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0", local);
        for (int round = 0; round < (Host.IsLong ? 300 : 15); round++)
        {
            IReadOnlyList<Operation> history = await RecordAsync(share, seed + round, stale: 0);
            Assert.True(
                History.IsLinearizable(history, Names), $"Seed {seed}, round {round}:\n{string.Join('\n', history.OrderBy(operation => operation.Asked))}");
        }
    }

    [Fact]
    public async Task A_client_that_answers_from_memory_now_and_then_is_found_out()
    {
        int seed = Random.Shared.Next();
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0");
        for (int round = 0; round < 50; round++)
        {
            if (!History.IsLinearizable(await RecordAsync(share, seed + round, stale: 0.3), Names))
                return;
        }

        Assert.Fail($"Seed {seed}: 50 histories with stale answers were taken for right.");
    }

    [Fact]
    public void The_checker_knows_right_from_wrong()
    {
        Operation put1 = Put(0, value: 1, 0, 10), put2 = Put(1, value: 2, 5, 15);
        Assert.True(History.IsLinearizable([put1, put2, Get(2, 1, 20, 21)], Names)); // they overlap: either order
        Assert.True(History.IsLinearizable([put1, put2, Get(2, 2, 20, 21)], Names));
        Assert.True(History.IsLinearizable([put1, Get(2, 0, 5, 8)], Names)); // not yet
        Assert.True(History.IsLinearizable([put1, Get(2, 1, 5, 8)], Names)); // already
        Assert.False(History.IsLinearizable([put1, put2, Get(2, 1, 20, 21), Get(2, 2, 22, 23)], Names)); // there and back
        Assert.False(History.IsLinearizable([put1, Get(2, 0, 11, 12)], Names)); // lost
        Assert.False(History.IsLinearizable([put1, Get(2, 1, 5, 6), Get(3, 0, 7, 8)], Names)); // seen, and then not
        Assert.False(History.IsLinearizable([Get(2, 1, 0, 1), put1 with { Asked = 2 }], Names)); // before its time
        var move = new Operation(4, OperationKind.Move, 0, 1, 0, false, null, 11, 12);
        Assert.True(History.IsLinearizable([put1, move, Get(2, 0, 13, 14), Get(2, 1, 15, 16) with { Name = 1 }], Names));
        Assert.False(History.IsLinearizable([put1, move, Get(2, 1, 13, 14)], Names)); // at both ends
        Assert.False(History.IsLinearizable([put1, move with { Refusal = FileError.Exists }], Names)); // nothing stood in its way

        static Operation Put(int client, int value, long asked, long told) => new(client, OperationKind.Put, 0, 0, value, false, null, asked, told);

        static Operation Get(int client, int value, long asked, long told) =>
            new(client, OperationKind.Get, 0, 0, value, false, value == 0 ? FileError.NotFound : null, asked, told);
    }

    /// <summary>Has the clients ask at random, each one thing at a time. With <paramref name="stale"/>, some gets are answered by what the client has seen before.</summary>
    private static async Task<IReadOnlyList<Operation>> RecordAsync(NativeShare share, int seed, double stale)
    {
        foreach (FileEntry left in (await share.Store.ListAsync(VirtualPath.Root, null, int.MaxValue)).Entries)
            await share.Store.RemoveAsync(VirtualPath.Root.Append(left.Name), recursive: false, removed: null);
        long clock = 0;
        int values = 0;
        Operation[][] histories = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var random = new Random(unchecked((seed * Clients) + client)); // and not HashCode, which no second run repeats
            var seen = new int[Names];
            var own = new List<Operation>();
            await using FileClient files = await share.ConnectAsync();
            while (own.Count < Each)
            {
                var kind = (OperationKind)random.Next(4);
                int name = random.Next(Names), to = (name + random.Next(1, Names)) % Names;
                bool overwrites = random.Next(2) == 0;
                int value = kind == OperationKind.Put ? Interlocked.Increment(ref values) : 0;
                byte[] content = kind == OperationKind.Put ? Content(value, random.Next(4) == 0 ? 200_000 : random.Next(8, 2_000)) : [];
                FileError? refusal = null;
                long asked = Interlocked.Increment(ref clock);
                try
                {
                    if (kind == OperationKind.Get && seen[name] != 0 && random.NextDouble() < stale)
                        value = seen[name];
                    else
                        value = await AskAsync(files, kind, At(name).ToString(), At(to).ToString(), overwrites, content) ?? value;
                }
                catch (FileException e) when (e.Reason is FileError.NotFound or FileError.Exists)
                {
                    refusal = e.Reason;
                }

                seen[name] = kind is OperationKind.Get or OperationKind.Put ? value : seen[name];
                own.Add(new Operation(client, kind, name, to, value, overwrites, refusal, asked, Interlocked.Increment(ref clock)));
            }

            return own.ToArray();
        }))).WaitAsync(Patience);
        return [.. histories.SelectMany(own => own)];
    }

    private static async Task<int?> AskAsync(FileClient files, OperationKind kind, string path, string to, bool overwrites, byte[] content)
    {
        switch (kind)
        {
            case OperationKind.Put:
                await files.PutAsync(new MemoryStream(content), path);
                return null;
            case OperationKind.Remove:
                await files.RemoveAsync(path);
                return null;
            case OperationKind.Move:
                await files.RenameAsync(path, to, overwrites);
                return null;
            default:
                using (var received = new MemoryStream())
                {
                    await files.GetAsync(path, received);
                    byte[] whole = received.ToArray();
                    int value = BinaryPrimitives.ReadInt32LittleEndian(whole);
                    Assert.Equal(Content(value, whole.Length), whole); // one value, all of it
                    return value;
                }
        }
    }

    private static VirtualPath At(int name) => VirtualPath.Root.Append($"name {name}");

    private static byte[] Content(int value, int length)
    {
        var content = new byte[length];
        content.AsSpan().Fill((byte)value);
        BinaryPrimitives.WriteInt32LittleEndian(content, value);
        return content;
    }
}
