namespace Dialtone.Files;

/// <summary>What an account may do in a folder. <see cref="FileRightsText"/> has the words.</summary>
[Flags]
public enum FileRights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>See the names in a folder, and what stands behind them.</summary>
    List = 1,

    /// <summary>Read the content of files.</summary>
    Read = 2,

    /// <summary>Put files where none are.</summary>
    Create = 4,

    /// <summary>Replace files, and set their times and permission bits.</summary>
    Overwrite = 8,

    /// <summary>Remove files and folders.</summary>
    Delete = 16,

    /// <summary>Give files and folders another name, or move them away; the target needs <see cref="Create"/>.</summary>
    Rename = 32,

    /// <summary>Make folders.</summary>
    MakeFolder = 64,

    /// <summary>List and read: what <c>--anonymous read</c> gives.</summary>
    Browse = List | Read,

    /// <summary>Create, overwrite and make folders.</summary>
    Write = Create | Overwrite | MakeFolder,

    /// <summary>Everything.</summary>
    All = Browse | Write | Delete | Rename,
}
