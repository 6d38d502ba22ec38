using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Dialtone.Cli.Tests;

/// <summary>N05: the matcher of names against one that is too simple to be wrong, and too slow to be used.</summary>
public sealed class WildcardTests(ITestOutputHelper log)
{
    private static readonly string[] Pieces =
        ["a", "b", "c", "-", ".", "]", "!", "^", "中", "🙂", "*", "*", "*", "?", "[", "[ab]", "[!a]", "[^b]", "[a-c]", "[]]", "[a-]", "[c-a]", "[!]", @"\*", @"\a", @"\"];

    private static readonly string[] Letters = ["a", "a", "a", "a", "a", "a", "b", "b", "b", "c", "-", ".", "]", "!", "[", "*", @"\", "中", "🙂"];

    [Fact]
    public void A_pattern_matches_what_the_slow_reference_says()
    {
        int tries = RunLength.IsLong ? 300_000 : 30_000, matched = 0;
        Gen<string> pattern = Text(Pieces, 6), name = Text(Letters, 6);
        Prop.ForAll(Gen.Zip(pattern, name).ToArbitrary(), pair =>
        {
            bool expected = Reference.Matches(pair.Item1, pair.Item2);
            matched += expected ? 1 : 0;
            return (Wildcard.Parse(pair.Item1).Matches(pair.Item2) == expected).Label($"'{pair.Item1}' and '{pair.Item2}': {expected}");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(tries).WithQuietOnSuccess(true));
        log.WriteLine($"{matched} of {tries} matched.");
        Assert.InRange(matched, tries / 50, tries * 49 / 50); // both answers were asked for
    }

    [Fact]
    public void Stars_cost_no_more_than_the_name_is_long()
    {
        // Twice the stars and twice the name: 4 times the work for whoever tries each star at each letter, 2^n times for whoever goes back.
        TimeSpan once = Best(1_000), twice = Best(2_000);
        log.WriteLine($"{once.TotalMilliseconds:0.000} ms, {twice.TotalMilliseconds:0.000} ms");
        Assert.True(twice < (once * 3) + TimeSpan.FromMilliseconds(2), $"{once} became {twice}");

        static TimeSpan Best(int stars)
        {
            var pattern = Wildcard.Parse(string.Concat(Enumerable.Repeat("a*", stars)) + "b");
            string name = new('a', 50 * stars);
            TimeSpan best = TimeSpan.MaxValue;
            for (int run = 0; run < 15; run++)
            {
                long start = Stopwatch.GetTimestamp();
                Assert.False(pattern.Matches(name));
                TimeSpan took = Stopwatch.GetElapsedTime(start);
                best = took < best ? took : best;
            }

            return best;
        }
    }

    private static Gen<string> Text(string[] pieces, int most) =>
        Gen.Choose(0, most).SelectMany(count => Gen.Elements(pieces).ArrayOf(count)).Select(chosen => string.Concat(chosen));

    /// <summary>What a shell does, word for word: every way a star can go is tried.</summary>
    private static class Reference
    {
        public static bool Matches(string pattern, string name) =>
            (!name.StartsWith('.') || pattern.StartsWith('.') || pattern.StartsWith(@"\.", StringComparison.Ordinal)) && At(pattern, name);

        private static bool At(string pattern, string name)
        {
            if (pattern.Length == 0)
                return name.Length == 0;
            if (pattern[0] == '*')
                return At(pattern[1..], name) || (name.Length > 0 && At(pattern, Rest(name)));
            if (name.Length == 0)
                return false;
            string letter = First(name);
            if (pattern[0] == '?')
                return At(pattern[1..], Rest(name));
            if (pattern[0] == '[' && pattern.Length > 1)
            {
                int first = pattern[1] is '!' or '^' ? 2 : 1;
                int end = first + 1 <= pattern.Length ? pattern.IndexOf(']', Math.Min(first + 1, pattern.Length)) : -1;
                if (end >= 0)
                    return IsIn(pattern[first..end], letter) != (first == 2) && At(pattern[(end + 1)..], Rest(name));
            }

            if (pattern[0] == '\\' && pattern.Length > 1)
                pattern = pattern[1..];
            return First(pattern) == letter && At(Rest(pattern), Rest(name));
        }

        private static bool IsIn(string set, string letter)
        {
            while (set.Length > 0)
            {
                string from = First(set), to = from;
                set = Rest(set);
                if (set.Length > 1 && set[0] == '-')
                    (to, set) = (First(set[1..]), Rest(set[1..]));
                int code = Rune.GetRuneAt(letter, 0).Value;
                if (code >= Rune.GetRuneAt(from, 0).Value && code <= Rune.GetRuneAt(to, 0).Value)
                    return true;
            }

            return false;
        }

        private static string First(string text) => text[..Rune.GetRuneAt(text, 0).Utf16SequenceLength];

        private static string Rest(string text) => text[First(text).Length..];
    }
}
