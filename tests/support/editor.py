"""Node-RED's editor in a browser, as a designer uses it: nodes from the palette, their dialogs, Deploy."""

from typing import Any, Literal

from playwright.async_api import FrameLocator, Locator, Page, expect

FIELDS = """condition => [...document.querySelectorAll('#dialog-form [id^=node-input-]')]
    .map(field => [field, field.nextElementSibling])
    .map(([field, next]) => [field, next?.matches('.red-ui-typedInput-container') ? next : field])
    .filter(([field, seen]) => condition === 'shown' ? seen.checkVisibility() : field.matches('.input-error'))
    .map(([field]) => field.id.replace('node-input-', ''))"""
"""A typed input's own field is hidden, and a container beside it is seen."""


async def until_loaded(editor: Page | FrameLocator) -> None:
    """Wait until the editor is there, by itself or in the app."""
    await expect(editor.locator("#red-ui-header-button-deploy")).to_be_visible()
    await expect(editor.locator("#red-ui-loading-progress")).to_be_hidden()


async def drop_between(page: Page, kind: str, before: str, after: str) -> str:
    """Drag a node from the palette onto the wire between two nodes; return its id."""
    place = page.locator(f".red-ui-palette-node[data-palette-type={kind}]")
    left, right = [await _middle(page.locator(f"[id='{id}'] > .red-ui-flow-node")) for id in (before, after)]
    wire = ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2)
    await page.mouse.move(*await _middle(place))
    await page.mouse.down()
    await page.mouse.move(wire[0], wire[1] + 60, steps=5)
    await page.mouse.move(*wire, steps=5)
    await page.wait_for_selector(".red-ui-flow-link-splice", state="attached")
    await page.mouse.up()
    return str(await page.evaluate("type => RED.nodes.filterNodes({type}).at(-1).id", kind))


async def _middle(part: Locator) -> tuple[float, float]:
    box = await part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def open_dialog(page: Page, id: str) -> None:
    """Open the dialog of a node by a double click on it."""
    await page.locator(f"[id='{id}'] > .red-ui-flow-node").dblclick()
    await until_open(page)


async def open_again(page: Page, id: str) -> None:
    """Open the dialog of a node as the editor's own menus do: a click may drag it where the view still moves."""
    await page.evaluate("id => RED.editor.edit(RED.nodes.node(id))", id)
    await until_open(page)


async def until_open(page: Page) -> None:
    """Wait until the dialog is there, and the editor has put the cursor into it: until then it swallows keys."""
    await expect(page.locator("#node-input-name")).to_be_visible()
    await expect(page.locator(".red-ui-tray-body :focus")).to_have_count(1)


async def close_dialog(page: Page, id: str) -> dict[str, Any]:
    """Press Done; return what the node is saved as, and whether it is valid."""
    await leave_dialog(page, "ok")
    found = await page.evaluate(
        "id => ({valid: RED.nodes.node(id).valid, ...RED.nodes.convertNode(RED.nodes.node(id))})", id
    )
    return dict(found)


async def leave_dialog(page: Page, button: Literal["ok", "cancel", "delete"] = "cancel") -> None:
    """Press a button that closes the dialog, and wait until the editor has put it away."""
    await page.locator(f"#node-dialog-{button}").click()
    await expect(page.locator(".red-ui-tray")).to_have_count(0)


async def shown_fields(page: Page) -> set[str]:
    """Return which settings the open dialog shows."""
    return set(await page.evaluate(FIELDS, "shown"))


async def wrong_fields(page: Page) -> set[str]:
    """Return which settings the open dialog marks as wrong."""
    return set(await page.evaluate(FIELDS, "wrong"))


def typed(page: Page, key: str) -> Locator:
    """Return the field of a setting that takes values of several types."""
    return page.locator(f"#node-input-{key} + .red-ui-typedInput-container .red-ui-typedInput-input")


def triangle(page: Page, id: str) -> Locator:
    """Return the red triangle at a node that can't be."""
    return page.locator(f"[id='{id}'] .red-ui-flow-node-error:not(.hide)")


async def press_deploy(page: Page) -> None:
    """Deploy, and wait until what ran before is stopped; the button is disabled long before that."""
    async with page.expect_response(
        lambda answer: answer.request.method == "POST" and answer.url.endswith("/flows")
    ):
        await page.locator("#red-ui-header-button-deploy").click()


async def show_tab(page: Page, id: str) -> None:
    await page.evaluate("id => RED.workspaces.show(id)", id)
    await expect(page.locator("#red-ui-workspace-tabs .red-ui-tab.active")).to_have_attribute(
        "id", f"red-ui-tab-{id}"
    )


async def write(page: Page, key: str, text: str) -> None:
    """Write into a field of the open dialog by keys: that is what it listens to."""
    own, container = page.locator(f"#node-input-{key}"), typed(page, key)
    field = container if await container.count() else own
    await field.fill("")
    await field.press_sequentially(text)
    await field.press("Tab")
