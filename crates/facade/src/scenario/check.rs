//! Does the tree hold together? Every name leads somewhere, every menu can be come to and be left, no word means two
//! things.

use super::read::{Faults, Menu, Placed, Tree};
use domain::scenario::{ROOT, spoken};
use std::collections::{BTreeMap, BTreeSet};

/// Ways from menus to menus, by place in the tree.
type Ways = Vec<BTreeSet<usize>>;

/// Finds all that is wrong with it.
pub(super) fn check(tree: &Tree, faults: &mut Faults) {
    if tree.menus.is_empty() {
        return;
    }
    let places: BTreeMap<&str, usize> =
        tree.menus.iter().enumerate().map(|(n, menu)| (menu.id.as_str(), n)).collect();
    let (ways, instead) = ways(tree, &places, faults);
    words(tree, faults);
    for menu in &tree.menus {
        shape(menu, faults);
    }
    match places.get(ROOT) {
        None => faults.add(0, format!("menu.{ROOT}"), "is missing: every talk begins with it"),
        Some(root) => {
            if tree.menus[*root].handover.is_some() || tree.menus[*root].end {
                let what = "the first menu cannot hand over or end the chat";
                faults.add(tree.menus[*root].at, format!("menu.{ROOT}"), what);
            }
            reached(tree, *root, &ways, faults);
        }
    }
    exits(tree, &ways, faults);
    rounds(tree, &instead, faults);
}

/// Where each menu leads, and which take its place; names that lead nowhere are faults.
fn ways(tree: &Tree, places: &BTreeMap<&str, usize>, faults: &mut Faults) -> (Ways, Ways) {
    let mut find = |key: String, to: &Placed<String>| {
        let found = places.get(to.it.as_str()).copied();
        if found.is_none() {
            faults.add(to.at, key, format!("there is no menu {}", to.it));
        }
        found
    };
    if let Some((_, menu)) = &tree.patience {
        find("patience.menu".to_owned(), menu);
    }
    let (mut all, mut instead) = (Ways::new(), Ways::new());
    for menu in &tree.menus {
        let key = format!("menu.{}", menu.id);
        let (mut on, mut else_) = (BTreeSet::new(), BTreeSet::new());
        for (list, buttons) in [("buttons", &menu.buttons), ("tail", &menu.tail)] {
            for (n, button) in buttons.iter().enumerate() {
                on.extend(find(format!("{key}.{list}[{n}].menu"), &button.menu));
            }
        }
        if let Some((_, closed)) = &menu.hours {
            else_.extend(find(format!("{key}.hours.closed"), closed));
        }
        if let Some(over) = &menu.handover {
            for (name, to) in [("closed", &over.closed), ("nobody", &over.nobody)] {
                if let Some(to) = to {
                    else_.extend(find(format!("{key}.handover.{name}"), to));
                }
            }
        }
        on.extend(&else_);
        all.push(on);
        instead.push(else_);
    }
    (all, instead)
}

/// A menu asks, or hands over, or ends; and what asks offers something.
fn shape(menu: &Menu, faults: &mut Faults) {
    let key = format!("menu.{}", menu.id);
    let offers = !(menu.buttons.is_empty() && menu.tail.is_empty() && menu.links.is_empty());
    match (menu.handover.is_some(), menu.end) {
        (true, true) => faults.add(menu.at, key, "it either hands over or ends the chat"),
        (false, false) => {
            if menu.buttons.is_empty() && menu.tail.is_empty() {
                faults.add(
                    menu.at,
                    key.clone(),
                    "nothing leads on from here: buttons or a tail are missing",
                );
            }
            if menu.title.is_none() && menu.text.is_none() {
                faults.add(menu.at, key, "a title or a text is missing");
            }
        }
        _ if offers => {
            faults.add(menu.at, key, "a menu that hands over or ends offers nothing to choose");
        }
        _ => {}
    }
}

/// No word means two things.
fn words(tree: &Tree, faults: &mut Faults) {
    let mut ids: BTreeMap<String, &str> = BTreeMap::new();
    let mut keywords: BTreeMap<String, &str> = BTreeMap::new();
    let mut heard: BTreeMap<String, &str> = BTreeMap::new();
    for menu in &tree.menus {
        if let Some(other) = ids.insert(menu.id.to_lowercase(), &menu.id) {
            let what = format!("there is a menu {other} already");
            faults.add(menu.at, format!("menu.{}", menu.id), what);
        }
    }
    let mut by_place: Vec<&Menu> = tree.menus.iter().collect();
    by_place.sort_by_key(|menu| menu.at);
    for menu in &by_place {
        let word = spoken(&menu.keyword.it);
        if let Some(other) = keywords.get(&word) {
            let what = format!("{:?} is the keyword of menu {other} already", menu.keyword.it);
            faults.add(menu.keyword.at, format!("menu.{}.keyword", menu.id), what);
        } else {
            keywords.insert(word, &menu.id);
        }
        for (n, word) in menu.words.iter().enumerate() {
            let key = format!("menu.{}.words[{n}]", menu.id);
            match heard.insert(spoken(&word.it), &menu.id) {
                Some(other) => faults.add(
                    word.at,
                    key,
                    format!("{:?} is listened for by menu {other} already", word.it),
                ),
                None if spoken(&word.it).chars().count() < 2 => {
                    faults.add(word.at, key, "a word within a sentence has 2 characters at least");
                }
                None => {}
            }
        }
    }
    for menu in &by_place {
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        for (list, buttons) in [("buttons", &menu.buttons), ("tail", &menu.tail)] {
            for (n, button) in buttons.iter().enumerate() {
                let key = format!("menu.{}.{list}[{n}]", menu.id);
                let leads = |id: &str| tree.menus.iter().find(|m| m.id == id);
                let own = leads(&button.menu.it).map(|m| m.keyword.it.clone());
                let Some(word) = button.keyword.clone().or(own) else { continue };
                let spoke = spoken(&word);
                let others = keywords.get(&spoke).filter(|id| **id != button.menu.it);
                if let Some(other) = others.filter(|_| button.keyword.is_some()) {
                    let what = format!("{word:?} is the keyword of menu {other}");
                    faults.add(button.at, format!("{key}.keyword"), what);
                }
                if said.insert(spoke.clone(), key.clone()).is_some() {
                    faults.add(button.at, key.clone(), format!("{word:?} is offered twice here"));
                }
                let titles: BTreeSet<String> =
                    button.title.iter().flatten().map(|(_, title)| spoken(title)).collect();
                for title in titles.into_iter().filter(|title| *title != spoke) {
                    if said.insert(title.clone(), key.clone()).is_some() {
                        faults.add(
                            button.at,
                            key.clone(),
                            format!("{title:?} is offered twice here"),
                        );
                    }
                }
            }
        }
    }
}

/// Menus to which nothing leads.
fn reached(tree: &Tree, root: usize, ways: &Ways, faults: &mut Faults) {
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let heard = |(_, menu): &(usize, &Menu)| !menu.words.is_empty();
    let mut next: Vec<usize> = vec![root];
    next.extend(tree.menus.iter().enumerate().filter(heard).map(|(n, _)| n));
    let patience = tree.patience.as_ref().map(|(_, menu)| menu.it.as_str());
    next.extend(tree.menus.iter().position(|menu| Some(menu.id.as_str()) == patience));
    while let Some(at) = next.pop() {
        if seen.insert(at) {
            next.extend(&ways[at]);
        }
    }
    for (n, menu) in tree.menus.iter().enumerate().filter(|(n, _)| !seen.contains(n)) {
        debug_assert!(!seen.contains(&n));
        faults.add(menu.at, format!("menu.{}", menu.id), "nothing leads to this menu");
    }
}

/// Menus from which no way leads to people or to the end.
fn exits(tree: &Tree, ways: &Ways, faults: &mut Faults) {
    let out = |menu: &Menu| menu.handover.is_some() || menu.end;
    let mut good: BTreeSet<usize> =
        tree.menus.iter().enumerate().filter(|(_, menu)| out(menu)).map(|(n, _)| n).collect();
    loop {
        let more: Vec<usize> = (0..tree.menus.len())
            .filter(|n| !good.contains(n) && ways[*n].iter().any(|to| good.contains(to)))
            .collect();
        if more.is_empty() {
            break;
        }
        good.extend(more);
    }
    for (_, menu) in tree.menus.iter().enumerate().filter(|(n, _)| !good.contains(n)) {
        let what = "a customer goes round for ever: no way leads from here to a handover or an end";
        faults.add(menu.at, format!("menu.{}", menu.id), what);
    }
}

/// Menus that take each other's place in a round.
fn rounds(tree: &Tree, instead: &Ways, faults: &mut Faults) {
    for (n, menu) in tree.menus.iter().enumerate() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<usize> = instead[n].iter().copied().collect();
        while let Some(at) = next.pop() {
            if seen.insert(at) {
                next.extend(&instead[at]);
            }
        }
        if seen.contains(&n) {
            let what = "when it is closed it leads back to itself";
            faults.add(menu.at, format!("menu.{}", menu.id), what);
        }
    }
}
