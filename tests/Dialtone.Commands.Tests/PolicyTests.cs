using System.Text;

namespace Dialtone.Commands.Tests;

public sealed class PolicyTests
{
    private static readonly CommandSettings Settings = new(Shell.Path, "/", new CommandLimits());

    [Theory]
    [InlineData("""["log", {"integer": {"min": 1, "max": 100}, "optional": true}]""", "log", true)]
    [InlineData("""["log", {"integer": {"min": 1, "max": 100}, "optional": true}]""", "log|7", true)]
    [InlineData("""["log", {"integer": {"min": 1, "max": 100}, "optional": true}]""", "log|101", false)]
    [InlineData("""["log", {"integer": {"min": 1, "max": 100}, "optional": true}]""", "log|07", false)]
    [InlineData("""["log", {"integer": {"min": 1, "max": 100}, "optional": true}]""", "log|+7", false)]
    [InlineData("""["log", {"integer": {"min": 1, "max": 100}, "optional": true}]""", "log| 7", false)]
    [InlineData("""["log", {"integer": {"min": 1, "max": 100}, "optional": true}]""", "log|7|8", false)]
    [InlineData("""["log", {"integer": {"min": 1, "max": 100}, "optional": true}]""", "", false)]
    [InlineData("""[{"integer": {"min": -5}}]""", "-5", true)]
    [InlineData("""[{"integer": {"min": 0}}]""", "-5", false)]
    [InlineData("""[{"oneOf": ["start", "stop"]}]""", "stop", true)]
    [InlineData("""[{"oneOf": ["start", "stop"]}]""", "stopp", false)]
    [InlineData("""[{"pattern": "[a-z]+"}]""", "abc", true)]
    [InlineData("""[{"pattern": "[a-z]+"}]""", "abc\n", false)]
    [InlineData("""[{"pattern": "[a-z]+"}]""", "abc; id", false)]
    [InlineData("""[{"pattern": "a|b"}]""", "ab", false)]
    [InlineData("""[{"pattern": ".*"}]""", "--output=x", false)] // H02
    [InlineData("""[{"pattern": ".*"}]""", "-", false)]
    [InlineData("""[{"pattern": ".*", "dash": true}]""", "--output=x", true)]
    [InlineData("""[{"pattern": "[a-z]", "repeat": true}, "end"]""", "a|b|c|end", true)]
    [InlineData("""[{"pattern": "[a-z]", "repeat": true}, "end"]""", "end", true)]
    [InlineData("""[{"pattern": "[a-z]", "repeat": true}, "end"]""", "a|b", false)]
    [InlineData("[]", "", true)]
    [InlineData("[]", "x", false)]
    public void Words_fit_shapes_or_are_refused(string shapes, string words, bool fits)
    {
        string[] arguments = words.Length == 0 ? [] : words.Split('|');
        Assert.Equal(fits, Decide(Rule(shapes), "prog", arguments).IsAllowed);
    }

    [Theory] // H03
    [InlineData("/usr/bin/prog", true)]
    [InlineData("prog", true)]
    [InlineData("./prog", false)]
    [InlineData("bin/prog", false)]
    [InlineData("/bin/../usr/bin/prog", false)]
    [InlineData("/usr/bin//prog", false)]
    [InlineData("/tmp/prog", false)]
    [InlineData("PROG", false)]
    [InlineData("prog ", false)]
    [InlineData("", false)]
    public void A_program_is_named_by_its_path_or_its_name_and_in_no_other_way(string program, bool isAllowed)
    {
        CommandDecision decision = Decide(Rule("[]"), program);
        Assert.Equal((isAllowed, isAllowed ? "/usr/bin/prog" : null), (decision.IsAllowed, decision.Start?.Program));
    }

    [Fact]
    public void Paths_stay_under_their_root_and_are_passed_on_as_they_were_found()
    {
        using var folder = new Cli.Tests.Folder();
        string root = Directory.CreateDirectory(folder["root"]).FullName;
        Directory.CreateDirectory(folder["root-not"]);
        folder.Write("secret", "");
        File.WriteAllText(Path.Combine(root, "file"), "");
        File.CreateSymbolicLink(Path.Combine(root, "out"), folder["secret"]);
        File.CreateSymbolicLink(Path.Combine(root, "dangling"), folder["nowhere"]);
        File.CreateSymbolicLink(Path.Combine(root, "in"), Path.Combine(root, "file"));
        CommandPolicy policy = Rule($$"""[{"path": "{{root}}"}]""", $$""", "folder": "{{root}}" """);
        Assert.Equal($"{root}/file", Passed("file"));
        Assert.Equal($"{root}/file", Passed($"{root}/file"));
        Assert.Equal($"{root}/file", Passed("in"));
        Assert.Equal($"{root}/-new", Passed("-new"));
        Assert.Equal(root, Passed("."));
        Assert.All(["out", "dangling", "..", "../secret", "../root-not/x", "/etc/passwd", $"{root}-not", "", "missing/x", "a\0b"], path => Assert.Null(Passed(path)));

        string? Passed(string path) => Decide(policy, "prog", path).Start?.Arguments[0];
    }

    [Fact] // H04
    public void A_caller_sets_no_variable_folder_or_terminal_that_the_rule_does_not_give_away()
    {
        CommandPolicy policy = Rule("[]", """, "environment": {"A": "1"}, "allowEnvironment": ["LANG"] """);
        foreach (string name in (string[])["LD_PRELOAD", "PATH", "IFS", "BASH_FUNC_x%%", "DOTNET_STARTUP_HOOKS", "A"])
            Assert.False(Decide(policy, new CommandRequest("prog") { Environment = new Dictionary<string, string> { [name] = "x" } }).IsAllowed, name);
        CommandDecision allowed = Decide(policy, new CommandRequest("prog") { Environment = new Dictionary<string, string> { ["LANG"] = "de" } });
        Assert.Equal(new Dictionary<string, string>(Shell.Path) { ["A"] = "1", ["LANG"] = "de" }, allowed.Start!.Environment);
        Assert.False(Decide(policy, new CommandRequest("prog") { Folder = "/tmp" }).IsAllowed);
        Assert.False(Decide(policy, new CommandRequest("prog") { Terminal = new TerminalSize(80, 24) }).IsAllowed);
        Assert.True(Decide(Rule("[]", """, "terminal": true"""), new CommandRequest("prog") { Terminal = new TerminalSize(80, 24) }).IsAllowed);
    }

    [Fact]
    public void Rules_are_for_their_users()
    {
        CommandPolicy policy = Rule("[]", """, "users": ["alice"]""");
        Assert.True(policy.Decide(new CommandRequest("prog"), "alice", Settings).IsAllowed);
        Assert.False(policy.Decide(new CommandRequest("prog"), "Alice", Settings).IsAllowed);
        Assert.False(policy.Decide(new CommandRequest("prog"), null, Settings).IsAllowed);
    }

    [Fact]
    public void Limits_are_the_tightest_of_all()
    {
        CommandPolicy policy = Rule("[]", """, "seconds": 10, "outputBytes": 1000""");
        var settings = Settings with { Limits = new CommandLimits { Time = TimeSpan.FromSeconds(20), OutputBytes = 500, Processes = 5 } };
        CommandLimits limits = policy.Decide(new CommandRequest("prog") { TimeLimit = TimeSpan.FromSeconds(15) }, null, settings).Start!.Limits;
        Assert.Equal((TimeSpan.FromSeconds(10), 500L, 5), (limits.Time, limits.OutputBytes, limits.Processes));
    }

    [Fact]
    public void The_first_rule_that_fits_decides_and_the_nearest_one_explains()
    {
        CommandPolicy policy = Parse("""
            {"rules": [
              // A comment is for people.
              {"name": "short", "program": "/usr/bin/git", "arguments": ["status"]},
              {"name": "log", "program": "/usr/bin/git", "arguments": ["log", {"integer": {"min": 1, "max": 9}}]},
            ]}
            """);
        Assert.Equal(("short", true), Of("git", "status"));
        Assert.Equal(("log", true), Of("git", "log", "3"));
        CommandDecision refused = Decide(policy, "git", "log", "--output=x");
        Assert.Equal("Rule 'log': argument 2: '--output=x' is not a whole number from 1 to 9.", refused.Message);
        Assert.Equal("No rule names the program 'ls'.", Decide(policy, "ls").Message);

        (string?, bool) Of(string program, params string[] arguments)
        {
            CommandDecision decision = Decide(policy, program, arguments);
            return (decision.Rule, decision.IsAllowed);
        }
    }

    [Theory]
    [InlineData("ls -l", true, "-l")]
    [InlineData("  ls   'a b'  \"c d\" e\\ f ", true, "a b|c d|e f")]
    [InlineData("ls '' \"\"", true, "|")]
    [InlineData("ls 'it'\\''s'", true, "it's")]
    [InlineData("ls; id", false, "")]
    [InlineData("ls && id", false, "")]
    [InlineData("ls | id", false, "")]
    [InlineData("ls $(id)", false, "")]
    [InlineData("ls `id`", false, "")]
    [InlineData("ls \"$HOME\"", false, "")]
    [InlineData("ls *", false, "")]
    [InlineData("ls > x", false, "")]
    [InlineData("ls\nid", false, "")]
    [InlineData("ls 'open", false, "")]
    [InlineData("ls open\\", false, "")]
    [InlineData("ls \u001b[31m", false, "")]
    public void A_line_is_taken_apart_as_a_shell_would_or_refused_where_only_a_shell_could(string line, bool isPlain, string arguments)
    {
        CommandPolicy policy = Parse("""{"rules": [{"name": "ls", "program": "/bin/ls", "arguments": [{"pattern": "(?s).*", "dash": true, "repeat": true}]}]}""");
        CommandDecision decision = Decide(policy, new CommandRequest() { Line = line });
        Assert.Equal((isPlain, isPlain ? arguments : null), (decision.IsAllowed, decision.Start is { } start ? string.Join('|', start.Arguments) : null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"rules": [{"program": "/bin/ls", "arguments": []}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "ls", "arguments": []}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/../ls", "arguments": []}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls"}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "user": ["a"]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "users": ["a"], "users": null}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [{}]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [7]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [{"pattern": "("}]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [{"pattern": "a", "oneOf": ["b"]}]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [{"path": "/no/such/folder"}]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [{"integer": {"min": 2, "max": 1}}]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "seconds": 0}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "memoryBytes": 4096}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "umask": "999"}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "umask": "+7"}]}""")]
    [InlineData("""{"rules": [null]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls/", "arguments": []}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/l\u0000s", "arguments": []}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [null]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "users": [null]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "environment": {"A": null}}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "environment": {"A=B": "c"}}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "allowEnvironment": [null]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [], "processes": 0}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [{"oneOf": ["a", null]}]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": [{"pattern": "a)|(?:b"}]}]}""")]
    [InlineData("""{"rules": [{"name": "x", "program": "/bin/ls", "arguments": []}, {"name": "x", "program": "/bin/ls", "arguments": []}]}""")]
    public void A_file_with_a_rule_that_is_not_understood_is_no_policy(string json) =>
        Assert.Equal(CommandError.BadPolicy, Assert.Throws<CommandException>(() => Parse(json)).Reason);

    [Fact]
    public void A_file_that_others_may_write_is_no_policy()
    {
        using var folder = new Cli.Tests.Folder();
        string file = folder.Write("rules.json", """{"rules": []}""", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        Assert.Equal(CommandError.BadPolicy, Assert.Throws<CommandException>(() => CommandPolicy.Load(file)).Reason);
        Assert.Equal(CommandError.BadPolicy, Assert.Throws<CommandException>(() => CommandPolicy.Load(folder["missing"])).Reason);
    }

    [Fact]
    public void Without_a_policy_nothing_is_allowed() =>
        Assert.False(Decide(new CommandServiceOptions().Policy, "true").IsAllowed);

    [Fact]
    public void A_folder_that_is_not_absolute_is_refused_in_words() => Assert.Equal(
        "The folder 'here' is not an absolute path.", Decide(CommandPolicy.AnyCommandWhichIsDangerous, new CommandRequest("./prog") { Folder = "here" }).Message);

    private static CommandPolicy Rule(string shapes, string more = "") =>
        Parse($$"""{"rules": [{"name": "r", "program": "/usr/bin/prog", "arguments": {{shapes}}{{more}}}]}""");

    private static CommandPolicy Parse(string json) => CommandPolicy.Parse(Encoding.UTF8.GetBytes(json));

    private static CommandDecision Decide(CommandPolicy policy, string program, params string[] arguments) => Decide(policy, new CommandRequest([program, .. arguments]));

    private static CommandDecision Decide(CommandPolicy policy, CommandRequest request) => policy.Decide(request, null, Settings);
}
