namespace Dialtone.Cli;

/// <summary>Guesses what was meant; the guess is shown and never run.</summary>
internal static class Spelling
{
    /// <summary>The nearest candidate that differs in at most a third of its letters.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int distance = Distance(word, candidate);
            if (distance < bestDistance && distance <= Math.Max(1, candidate.Length / 3))
                (best, bestDistance) = (candidate, distance);
        }

        return best;
    }

    /// <summary>Letters to add, drop or change (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
