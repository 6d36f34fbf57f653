"""The nets of the bench, with seeded random weights: speed does not depend on what was learned."""
import keras

k = keras.layers


def tutorial(seed=7):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            k.Input((32, 32, 3)),
            k.Conv2D(32, 3, activation="relu"),
            k.MaxPooling2D(2),
            k.Conv2D(64, 3, activation="relu"),
            k.MaxPooling2D(2),
            k.Flatten(),
            k.Dense(64, activation="relu"),
            k.Dense(10, activation="softmax"),
        ]
    )


def small():
    """Many small layers."""
    keras.utils.set_random_seed(7)
    return keras.Sequential(
        [
            k.Input((16, 16, 3)),
            k.Conv2D(8, 3, activation="relu"),
            k.BatchNormalization(),
            k.SeparableConv2D(16, 3, activation="relu"),
            k.Dropout(0.25),
            k.LayerNormalization(),
            k.GlobalAveragePooling2D(),
            k.Dense(10, activation="softmax"),
        ]
    )


def mobilenet():
    keras.utils.set_random_seed(7)
    return keras.applications.MobileNetV2((224, 224, 3), weights=None, classes=10)


def pictures(side):
    """The tutorial's convolutions on pictures of any side."""
    keras.utils.set_random_seed(7)
    return keras.Sequential(
        [
            k.Input((side, side, 3)),
            k.Conv2D(32, 3, activation="relu"),
            k.MaxPooling2D(2),
            k.Conv2D(64, 3, activation="relu"),
            k.GlobalAveragePooling2D(),
            k.Dense(64, activation="relu"),
            k.Dense(10, activation="softmax"),
        ]
    )


def perceptron(width):
    """3,084 * width + width**2 + 10 parameters."""
    keras.utils.set_random_seed(7)
    return keras.Sequential(
        [
            k.Input((32, 32, 3)),
            k.Flatten(),
            k.Dense(width, activation="relu"),
            k.Dense(width, activation="relu"),
            k.Dense(10, activation="softmax"),
        ]
    )
