// A part of the page on the whole screen, and back. Telephones that keep their screen to
// themselves show it over all of the page.

export async function fullScreen(el) {
  if (document.fullscreenEnabled) {
    if (el.matches(":fullscreen")) await document.exitFullscreen();
    else await el.requestFullscreen();
  } else if (el.popover) {
    el.popover = null;
  } else {
    el.popover = "manual";
    el.showPopover();
  }
}
