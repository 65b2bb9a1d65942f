"""The command that prints shell completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  eval "$(bean-ar completion bash)"       in ~/.bashrc
    zsh:   eval "$(bean-ar completion zsh)"        in ~/.zshrc
    fish:  bean-ar completion fish | source        in ~/.config/fish/config.fish
    """
    maker = get_completion_class(shell)
    if maker is None:
        raise click.ClickException(f"there is no completion for {shell}")
    root = click.get_current_context().find_root()
    click.echo(maker(root.command, {}, "bean-ar", "_BEAN_AR_COMPLETE").source())
