namespace Dialtone.Cli;

/// <summary>Runs a command line: finds the verb, reads its flags, turns the outcome into an exit code.</summary>
internal static class Tool
{
    public static async Task<ExitCode> RunAsync(string[] words)
    {
        try
        {
            if (words is ["--version"])
            {
                Terminal.Out.WriteLine(Version);
                return ExitCode.Done;
            }

            if (Help.TryAnswer(words))
                return ExitCode.Done;
            Arguments arguments = Parser.Parse(words, VerbTable.All);
            ServeConfig.Apply(arguments);
            return await arguments.Verb.Run(arguments);
        }
        catch (CliException e)
        {
            Terminal.Complain(e);
            return FailureOf(words, e.Code);
        }
        catch (IOException) when (Terminal.OutputIsGone)
        {
            return ExitCode.Failed; // whoever read our output has left
        }
        catch (Exception e) when (Failure.Explain(e) is { } explained)
        {
            Terminal.Complain(explained);
            return FailureOf(words, explained.Code);
        }
        catch (Exception e)
        {
            Terminal.Error.WriteLine($"dialtone: an error nobody expected, please report it with the lines below (exit code 70).\n{e}");
            return ExitCode.Bug;
        }
        finally
        {
            Terminal.Flush();
        }
    }

    private static ExitCode FailureOf(string[] words, ExitCode usual) =>
        VerbTable.All.FirstOrDefault(verb => verb.Name == words.FirstOrDefault())?.OwnFailure ?? usual;

    public static string Version { get; } = $"dialtone {typeof(Tool).Assembly.GetName().Version!.ToString(3)}";
}
