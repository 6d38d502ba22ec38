using System.Diagnostics.CodeAnalysis;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>What the first start makes so that <c>dialtone serve</c> needs no configuration.</summary>
internal static class FirstRun
{
    /// <summary>The accounts; an empty file is made at the usual place if there is none and nobody could come in without.</summary>
    /// <returns>Null where there are no accounts and none are needed.</returns>
    public static AccountsFile? OpenAccounts(Arguments arguments, bool isClosed)
    {
        string path = FilesSettings.AccountsPath(arguments);
        return File.Exists(path) || isClosed ? AccountsFile.Open(path, create: true) : null;
    }

    /// <summary>The folder that is shared; the usual one is made.</summary>
    public static string MakeRoot(Arguments arguments)
    {
        string root = Path.GetFullPath(FilesSettings.Root(arguments));
        if (arguments.Has(FilesFlags.Root))
            return root;
        try
        {
            return Directory.CreateDirectory(root).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"The folder {root} cannot be made: {e.Message}", "Name another with --root DIR.");
        }
    }

    /// <summary>Adds a user who may do everything, named like whoever started the server, and says the password.</summary>
    public static string AddUser(AccountsFile accounts)
    {
        string password = RandomPassword.Create();
        accounts.Add(new Account { Name = UserName, Home = VirtualPath.Root, Password = ScramVerifier.Create(password) });
        return password;
    }

    /// <summary>Keeps the password for whoever does not see the terminal.</summary>
    /// <returns>Where: a file that only its owner reads.</returns>
    public static string Keep(string password)
    {
        string path = Path.Combine(Folders.Own, "first-password");
        try
        {
            File.Delete(path);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var file = new StreamWriter(path, options);
            file.Write(password + "\n");
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"The first password cannot be kept: {e.Message}", "'dialtone user passwd' sets another.");
        }
    }

    /// <summary>The name at this machine, if it can stand in an address as it is.</summary>
    private static string UserName => Environment.UserName is var name && AccountRules.CheckName(name) is null && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
        ? name
        : "admin";
}
