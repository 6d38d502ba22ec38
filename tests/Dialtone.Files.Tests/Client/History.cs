namespace Dialtone.Files.Tests.Client;

/// <summary>What a client asked of some names, and what it was told. Values are numbers; 0 is the absence of a file.</summary>
/// <param name="Client">Who asked: one thing at a time.</param>
/// <param name="Kind">What.</param>
/// <param name="Name">Of which name.</param>
/// <param name="To">The other name of a move.</param>
/// <param name="Value">What was put, or what came back of a get.</param>
/// <param name="Overwrites">Whether a move may replace what is there.</param>
/// <param name="Refusal">Why it was refused; null if it was done.</param>
/// <param name="Asked">The moment before it was asked, on a clock of all clients.</param>
/// <param name="Told">The moment after the answer.</param>
internal sealed record Operation(
    int Client, OperationKind Kind, int Name, int To, int Value, bool Overwrites, FileError? Refusal, long Asked, long Told)
{
    public override string ToString() =>
        $"[{Asked},{Told}] client {Client} {Kind} {Name}{(Kind == OperationKind.Move ? $" to {To}{(Overwrites ? " over" : "")}" : "")} {Value}: {Refusal?.ToString() ?? "done"}";
}

internal enum OperationKind
{
    Put,
    Get,
    Remove,
    Move,
}

/// <summary>Whether a history is that of one server that does one thing after another (Wing and Gong 1993, with what was tried remembered, as Lowe 2017).</summary>
internal static class History
{
    /// <summary>Whether there is an order in which every answer is right, and in which nothing stands before what had been answered when it was asked.</summary>
    public static bool IsLinearizable(IReadOnlyList<Operation> history, int names)
    {
        Operation[][] clients = [.. history.GroupBy(operation => operation.Client).Select(own => own.OrderBy(operation => operation.Asked).ToArray())];
        var tried = new HashSet<string>();
        return Search(new int[clients.Length], new int[names]);

        bool Search(int[] done, int[] state)
        {
            if (!tried.Add($"{string.Join(',', done)};{string.Join(',', state)}"))
                return false;
            long firstTold = long.MaxValue;
            for (int client = 0; client < clients.Length; client++)
            {
                if (done[client] < clients[client].Length)
                    firstTold = Math.Min(firstTold, clients[client][done[client]].Told);
            }

            if (firstTold == long.MaxValue)
                return true;
            for (int client = 0; client < clients.Length; client++)
            {
                if (done[client] == clients[client].Length || clients[client][done[client]] is var next && next.Asked > firstTold
                    || Apply(next, state) is not { } after)
                {
                    continue;
                }

                int[] further = [.. done];
                further[client]++;
                if (Search(further, after))
                    return true;
            }

            return false;
        }
    }

    /// <summary>What stands there after an operation; null if its answer cannot be right now.</summary>
    private static int[]? Apply(Operation operation, int[] state)
    {
        int there = state[operation.Name];
        FileError? refusal = operation.Kind switch
        {
            OperationKind.Put => null,
            _ when there == 0 => FileError.NotFound,
            OperationKind.Move when !operation.Overwrites && state[operation.To] != 0 => FileError.Exists,
            _ => null,
        };
        if (refusal != operation.Refusal || (operation.Kind == OperationKind.Get && there != operation.Value))
            return null;
        int[] after = [.. state];
        switch (operation)
        {
            case { Refusal: not null } or { Kind: OperationKind.Get }:
                break;
            case { Kind: OperationKind.Put }:
                after[operation.Name] = operation.Value;
                break;
            case { Kind: OperationKind.Remove }:
                after[operation.Name] = 0;
                break;
            default:
                (after[operation.Name], after[operation.To]) = (0, there);
                break;
        }

        return after;
    }
}
