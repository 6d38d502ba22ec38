namespace Dialtone;

/// <summary>The outcome of <see cref="PasswordHasher.VerifyAsync"/>.</summary>
public enum PasswordCheck
{
    /// <summary>Not the password, or there is no such account.</summary>
    Wrong,

    /// <summary>The password.</summary>
    Right,

    /// <summary>Not looked at: too many others are being hashed. Answer "try later", and charge nobody.</summary>
    Busy,
}
