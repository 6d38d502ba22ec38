namespace Dialtone.Cli.Tests;

public sealed class ParserTests
{
    private static readonly Flag<bool> Long = new("--long", null, "", Values.Switch) { Letter = 'l' };
    private static readonly Flag<bool> Recursive = new("--recursive", null, "", Values.Switch) { Letter = 'R' };
    private static readonly Flag<int> Width = new("--width", "COLUMNS", "", Values.Number(1)) { Letter = 'w' };

    private static readonly Verb[] Verbs =
    [
        Make("put", "LOCAL…", "REMOTE"),
        Make("get", "REMOTE…", "[LOCAL]"),
        Make("stat", "REMOTE"),
    ];

    [Fact]
    public void Short_switches_may_share_a_dash_and_the_last_may_have_a_value()
    {
        Arguments arguments = Parse("stat", "-lRw7", "x");
        Assert.True(arguments.Has(Long) && arguments.Has(Recursive));
        Assert.Equal((7, "x"), (arguments.Get(Width, 0), Assert.Single(arguments.Operands)));
        Assert.Equal(8, Parse("stat", "x", "-l", "-w", "8").Get(Width, 0));
    }

    [Fact]
    public void Numbers_a_dash_alone_and_what_follows_two_dashes_are_no_flags()
    {
        Assert.Equal(["-7", "-", "-l"], Parse("put", "-7", "-", "--", "-l").Operands);
    }

    [Fact]
    public void Several_words_may_stand_before_the_last()
    {
        Assert.Equal(["a", "b", "c"], Parse("put", "a", "b", "c").Operands);
        Assert.Equal(["a"], Parse("get", "a").Operands);
        Assert.Contains("REMOTE is missing", Complaint("put", "a"), StringComparison.Ordinal);
        Assert.Contains("LOCAL… is missing", Complaint("put"), StringComparison.Ordinal);
        Assert.Contains("'b' is one word too many", Complaint("stat", "a", "b"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-x", "no flag -x")]
    [InlineData("-lx", "no flag -x")]
    [InlineData("-w", "-w needs a value")]
    [InlineData("-wl", "-w: 'l'")]
    public void A_short_flag_that_is_none_is_told(string word, string complaint) => Assert.Contains(complaint, Complaint("stat", "x", word), StringComparison.Ordinal);

    private static Verb Make(string name, params string[] operands) => new(name, "", _ => Task.FromResult(ExitCode.Done))
    {
        Operands = operands,
        Flags = [new("Flags", Long, Recursive, Width)],
    };

    private static Arguments Parse(params string[] words) => Parser.Parse(words, Verbs);

    private static string Complaint(params string[] words) => Assert.Throws<CliException>(() => Parse(words)).Message;
}
